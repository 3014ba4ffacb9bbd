"""One rule for the client and the orchestrator: what `success` is when nobody says it.

True after a return, false after an exception, unknown where a return says nothing of the answer.
"""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import featurememory_client as fm
import msgspec
import pytest

from integration.breaker import CircuitBreaker
from integration.execution import course
from integration.execution.model_runner import ModelRunner
from integration.execution.reply import Reply
from integration.execution.shadow_runs import describe_shadow
from integration.orchestrator import ModelOrchestrator
from integration.registry import ModelRegistry
from optimizations.engine.domain.task import ShadowWish, Task
from optimizations.models import ShadowAnswer
from patterns.models import ModelInteraction
from tests import builders
from tests.integration.client.fake_server import FakeServer
from tests.optimizations.shadow_answers import wished

# What is said of the answer (None: there is none), and `success` of an answer served and of a shadow.
RULE: dict[str, tuple[dict[str, Any] | None, bool | None, bool | None]] = {
    "nothing": ({}, True, None),
    "only a score": ({"score": 0.9}, True, None),
    "right": ({"success": True}, True, True),
    "wrong": ({"success": False}, False, False),
    "an error": (None, False, False),
}
every_word = pytest.mark.parametrize(("said", "served", "shadow"), RULE.values(), ids=RULE)
TASK = Task(model_id="large", task_type="sort", input="Which team answers ticket 1?")
BESIDE = msgspec.structs.replace(TASK, model_id="small")
WISH = ShadowWish("d.0", "route_model", "large", "v", "small", {}, 0.5)


def answering(said: dict[str, Any] | None) -> Any:
    def run(task: Task) -> Reply:
        if said is None:
            raise ConnectionError("the model does not answer")
        return Reply("billing", **said)

    return run


def registry_of(**models: Any) -> ModelRegistry:
    registry = ModelRegistry()
    for name, run in models.items():
        registry.register(name, run)
    return registry


def record(said: dict[str, Any] | None, decision: Any = None, shadow_id: str | None = None) -> None:
    """By hand, as in docs/client.md."""
    with (
        contextlib.suppress(ConnectionError),
        fm.interaction(task_type="sort", model_id="large", input="q") as call,
    ):
        call.decision, call.shadow_id = decision, shadow_id
        if said is None:
            raise ConnectionError("the model does not answer")
        call.output = "billing"
        for name, value in said.items():
            setattr(call, name, value)


@every_word
def test_the_client_follows_the_rule(
    server: FakeServer, said: dict[str, Any] | None, served: bool | None, shadow: bool | None
) -> None:
    fm.init(server.url, "k")
    record(said, "d-1")
    record(said, "d-1", "d-1.0")

    assert fm.flush(5)
    assert [entry["success"] for entry in server.acknowledged] == [served, shadow]


@pytest.mark.django_db
@every_word
def test_the_orchestrator_follows_the_rule(
    said: dict[str, Any] | None, served: bool | None, shadow: bool | None
) -> None:
    owner = builders.project()
    registry = registry_of(large=answering(said), small=answering(said))
    done = ModelOrchestrator(owner, registry).handle_task(TASK)
    beside = describe_shadow(ModelRunner(registry, CircuitBreaker), WISH, BESIDE)

    assert done.success == served
    assert ModelInteraction.objects.get(project=owner).success == served
    assert beside is not None
    assert beside["success"] == shadow


@pytest.mark.django_db
def test_a_model_may_say_that_it_does_not_know() -> None:
    owner = builders.project()
    ModelOrchestrator(owner, registry_of(large=answering({"success": None}))).handle_task(TASK)

    assert ModelInteraction.objects.get(project=owner).success is None


def test_the_client_does_not_call_a_known_answer_right(server: FakeServer) -> None:
    fm.init(server.url, "k")
    decision = SimpleNamespace(decision_id="d-1", cached_output="billing")
    for said in ({}, {"success": True}):
        record(said, decision)

    assert fm.flush(5)
    assert [entry["success"] for entry in server.acknowledged] == [None, True]


@pytest.mark.django_db
def test_the_orchestrator_does_not_call_a_known_answer_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = builders.project()
    made = ModelOrchestrator(owner, registry_of(large=answering({})))
    plan = made.prepare(TASK)
    assert plan.decision is not None
    known = msgspec.structs.replace(plan.decision, served_from_cache=True, cached_output="billing")
    monkeypatch.setattr(made, "prepare", lambda task: course.PreparedTask(task, known, []))

    assert made.handle_task(TASK).result == "billing"
    assert ModelInteraction.objects.get(project=owner).success is None


@pytest.mark.django_db(transaction=True)
def test_the_orchestrator_reports_a_shadow_beside_the_outcome_of_its_decision() -> None:
    owner = builders.project()
    wished.ask_until_wished(wished.orchestrator(owner))
    made = ModelOrchestrator(owner, registry_of(large=answering({}), small=answering({})))
    for number in range(60):
        made.handle_task(msgspec.structs.replace(TASK, input=wished.task(number)["input"]))
    made.shadows.close(30)

    shadow = ShadowAnswer.objects.filter(project=owner)[0]
    (outcome,) = ModelInteraction.objects.filter(project=owner, decision_id=shadow.decision_id)
    assert (outcome.model_id, outcome.success) == ("large", True)
    assert (shadow.model_id, shadow.success) == ("small", None)


def test_a_shadow_that_was_not_let_run_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its circuit may open between the look at it and the call."""
    runner = ModelRunner(registry_of(small=answering({})), lambda: CircuitBreaker(0.5, 1))
    breaker = runner.breaker("small")
    breaker.record(False)
    assert breaker.state == "open"

    looked_closed = SimpleNamespace(state="closed", check=breaker.check)
    monkeypatch.setattr(runner, "breaker", lambda name: looked_closed)
    assert describe_shadow(runner, WISH, BESIDE) is None
