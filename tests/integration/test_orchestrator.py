from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from asgiref.sync import async_to_sync

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.breaker import CircuitBreaker
from integration.orchestrator import ModelOrchestrator, Reply
from integration.registry import ModelRegistry
from optimizations.engine.domain.task import Task
from optimizations.models import Decision
from patterns.models import ModelInteraction
from tests import builders
from tests.optimizations.builders import routed, session_in

pytestmark = pytest.mark.django_db

TASK = Task(model_id="large", task_type="task.0", input="Where is my order 1?")


def routed_task(owner: Project) -> Task:
    """A task that a pinned optimization sends to the model `small`."""
    routed(owner)
    return msgspec.structs.replace(TASK, session_id=session_in(owner))


def orchestrator(owner: Project, **models: Any) -> ModelOrchestrator:
    registry = ModelRegistry()
    for name, run in models.items():
        registry.register(name, run)
    return ModelOrchestrator(owner, registry, lambda: CircuitBreaker(0.5, 2, cooldown=60))


def failing(task: Task) -> Any:
    raise ConnectionError("the model does not answer")


def stored(owner: Project) -> ModelInteraction:
    found: ModelInteraction = ModelInteraction.objects.filter(project=owner).latest("number")
    return found


def test_a_task_is_handled_with_the_memory() -> None:
    """The specification's own integration test."""
    owner = builders.project()
    task = routed_task(owner)
    done = orchestrator(owner, large=lambda _: "slow", small=lambda _: "fast").handle_task(task)

    assert done.success
    assert done.result == "fast"
    assert [entry["type"] for entry in done.optimizations_applied] == ["route_model"]


def test_what_ran_is_learned_with_its_decision() -> None:
    owner = builders.project()
    reply = Reply("Tomorrow.", input_tokens=60, output_tokens=40, cost=0.25, score=0.9)
    done = orchestrator(owner, large=lambda _: reply).handle_task(TASK)
    builders.learn_all(owner)

    row = stored(owner)
    assert (row.model_id, row.success, row.score, row.cost) == ("large", True, 0.9, 0.25)
    assert row.decision_id == done.decision_id
    assert Decision.objects.get(project=owner, id=done.decision_id).interaction == row.number
    assert row.pattern_id is not None


def test_a_failing_model_is_learned_from_too() -> None:
    owner = builders.project()
    done = orchestrator(owner, large=failing).handle_task(TASK)

    assert (done.success, done.result) == (False, None)
    assert done.error == "ConnectionError: the model does not answer"
    assert stored(owner).success is False


def test_a_model_that_fails_too_often_is_left_alone() -> None:
    owner = builders.project()
    calls = []

    def counting(task: Task) -> Any:
        calls.append(task)
        return failing(task)

    made = orchestrator(owner, large=counting)
    for _ in range(5):
        made.handle_task(TASK)

    assert len(calls) == 2
    assert made.breaker("large").state == "open"


def test_no_task_is_routed_to_a_model_that_is_cut_off() -> None:
    owner = builders.project()
    task = routed_task(owner)
    made = orchestrator(owner, large=lambda _: "slow", small=failing)
    results = [made.handle_task(task).result for _ in range(4)]

    assert results == [None, None, "slow", "slow"]


def test_no_task_is_routed_to_a_model_that_is_not_here() -> None:
    owner = builders.project()
    task = routed_task(owner)

    assert orchestrator(owner, large=lambda _: "slow").handle_task(task).result == "slow"


def test_memory_that_fails_does_not_stop_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = builders.project()
    made = orchestrator(owner, large=lambda _: "done")

    def broken(*_: Any, **__: Any) -> Any:
        raise FeatureMemoryError("The disk is full.", ErrorCode.STORAGE_FULL)

    monkeypatch.setattr("integration.orchestrator.store_arrivals", broken)
    monkeypatch.setattr(made.manager, "apply", broken)

    assert made.handle_task(TASK).result == "done"


def test_a_coroutine_needs_the_async_way() -> None:
    async def slow(task: Task) -> str:
        return "never"

    done = orchestrator(builders.project(), large=slow).handle_task(TASK)

    assert not done.success
    assert "handle_task_async" in (done.error or "")


def test_the_async_way_runs_coroutines_and_functions() -> None:
    async def slow(task: Task) -> str:
        await asyncio.sleep(0)
        return "awaited"

    owner = builders.project()
    awaited = async_to_sync(orchestrator(owner, large=slow).handle_task_async)(TASK)
    plain = async_to_sync(orchestrator(owner, large=lambda _: "plain").handle_task_async)(TASK)

    assert (awaited.result, plain.result) == ("awaited", "plain")
    assert ModelInteraction.objects.filter(project=owner).count() == 2


def test_the_async_way_learns_from_failures_too() -> None:
    owner = builders.project()
    done = async_to_sync(orchestrator(owner, large=failing).handle_task_async)(TASK)

    assert (done.success, stored(owner).success) == (False, False)
