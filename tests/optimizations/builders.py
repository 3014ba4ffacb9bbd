"""What tests of optimizations start from: models, a pinned change, decisions with outcomes."""

from __future__ import annotations

from typing import Any

from featurememory.models import Project
from integration.learning.learn_batch import learn_next_batch
from optimizations.manager import OptimizationManager
from optimizations.models import Optimization
from optimizations.policy_runtime import outcomes
from tests import builders

MODELS = ("large", "small")
TASK = {"model_id": "large", "task_type": "task.0", "input": "Where is my order 1?"}


def register(owner: Project, *names: str, **fields: Any) -> None:
    call = builders.caller(owner)
    for name in names or MODELS:
        price = {"input_per_1m": 2.0, "output_per_1m": 8.0}
        assert call.post("models/", {"model_id": name, "prices": price, **fields}).status_code < 300


def routed(owner: Project) -> Optimization:
    """A change of model from `large` to `small`, pinned by a person."""
    register(owner)
    pattern = builders.learned(owner, 5, model_id="large")[0]
    outcomes.count_outcomes(owner.pk, save=True)
    manager = OptimizationManager(owner)
    made = manager.store_optimization("route_model", {"model_id": "small"}, pattern=pattern)
    return manager.act(made.id, "pin", "tester")


def decide(owner: Project, **more: Any) -> dict[str, Any]:
    """The answer of prepare to the usual task."""
    body = {"task": {**TASK, **more.pop("task", {})}, **more}
    answer = builders.caller(owner).post("tasks/prepare/", body)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def session_in(owner: Project, arm: str = "treatment") -> str:
    """A session that this arm of the only optimization falls to; a holdout always remains."""
    for number in range(1000):
        applied = decide(owner, task={"session_id": f"s-{number}"}, dry_run=True)[
            "optimizations_applied"
        ]
        if [entry["arm"] for entry in applied] == [arm]:
            return f"s-{number}"
    raise AssertionError(f"no session falls to {arm}")


def report(owner: Project, decision: dict[str, Any], name: str, **more: Any) -> None:
    """Store and learn the interaction that answers a decision."""
    fields = {"task_type": "task.0", "model_id": decision["task"]["model_id"], **more}
    builders.keep(
        owner, [builders.item(500, id=name, decision_id=decision["decision_id"], **fields)]
    )
    learn_next_batch(owner.pk)
    outcomes.count_outcomes(owner.pk, save=True)
