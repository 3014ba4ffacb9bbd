"""A project whose decisions wish for shadows: a large model serves, a small one is compared."""

from __future__ import annotations

from typing import Any

from featurememory.models import Project
from tests import builders
from tests.optimizations.caller import Orchestrator

TASK = {"model_id": "large", "task_type": "sort", "parameters": {}}
LABELS = ("billing", "delivery", "other")


def run(answer: dict[str, Any]) -> dict[str, Any]:
    return {"output": "billing", "success": ..., "usage": {"cost": 1.0}}


def orchestrator(owner: Project, budget: float = 0.5, **config: Any) -> Orchestrator:
    made = Orchestrator(owner, run)
    made.config(shadow_budget=budget, exploration_budget=0.0, **config)
    for name, price in (("large", 10.0), ("small", 1.0)):
        made.register(name, prices={"input_per_1m": price, "output_per_1m": price})
    return made


def task(number: int) -> dict[str, Any]:
    return {**TASK, "input": f"Which team answers ticket {number}?"}


def ask_until_wished(made: Orchestrator, most: int = 120) -> dict[str, Any]:
    """The first answer of prepare that wishes for a shadow; what was served is reported as well."""
    for number in range(most):
        answer = made.play([task(number)])[0]
        if answer["shadows"]:
            return answer
    raise AssertionError("no shadow was wished for")


def shadow(answer: dict[str, Any], number: int = 0, **changes: Any) -> dict[str, Any]:
    """The interaction that reports the first shadow of an answer of prepare."""
    wished = answer["shadows"][0]
    return builders.item(
        number,
        **{
            "id": f"shadow-{wished['shadow_id']}",
            "model_id": wished["model_id"],
            "task_type": "sort",
            "input": wished["task"]["input"],
            "output": "billing",
            "usage": {"cost": 0.1},
            "success": ...,
            "decision_id": answer["decision_id"],
            "shadow_id": wished["shadow_id"],
        }
        | changes,
    )
