from __future__ import annotations

import asyncio
import threading
from typing import Any

import msgspec
import pytest
from asgiref.sync import async_to_sync

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.breaker import CircuitBreaker
from integration.execution.bounded_call import TaskCancelled
from integration.execution.reply import Reply
from integration.execution.reservations import Reservations
from integration.execution.rules import ExecutionRules
from integration.orchestrator import ModelOrchestrator
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


def patient(owner: Project, rules: ExecutionRules, **models: Any) -> ModelOrchestrator:
    made = orchestrator(owner, **models)
    made.rules = rules
    return made


def failing_times(count: int, error: Exception | None = None) -> Any:
    """A model that answers once it has failed so often."""
    left = [error or ConnectionError("not now")] * count

    def run(task: Task) -> str:
        if left:
            raise left.pop()
        return "at last"

    return run


QUICK = ExecutionRules(attempts=3, first_pause_s=0.0)


def rows_of(owner: Project) -> list[tuple[str, bool | None, str | None]]:
    found = ModelInteraction.objects.filter(project=owner).order_by("number")
    return [(row.model_id, row.success, row.decision_id) for row in found]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_failure_that_passes_is_tried_again_and_learned_once(is_async: bool) -> None:
    owner = builders.project()
    made = patient(owner, QUICK, large=failing_times(1))
    done = async_to_sync(made.handle_task_async)(TASK) if is_async else made.handle_task(TASK)

    assert (done.result, done.attempts, done.tried) == ("at last", 2, ("large",))
    assert rows_of(owner) == [("large", True, done.decision_id)]


def test_what_would_fail_again_is_tried_once() -> None:
    done = patient(
        builders.project(), QUICK, large=failing_times(1, ValueError("wrong"))
    ).handle_task(TASK)

    assert (done.success, done.attempts) == (False, 1)


@pytest.mark.parametrize("is_async", [False, True])
def test_another_model_stands_in_and_proves_nothing(is_async: bool) -> None:
    owner = builders.project()
    rules = ExecutionRules(fallbacks={"large": ["gone", "small"]})
    made = patient(owner, rules, large=failing, small=lambda _: "fast")
    done = async_to_sync(made.handle_task_async)(TASK) if is_async else made.handle_task(TASK)

    assert (done.result, done.model_id, done.tried) == ("fast", "small", ("large", "small"))
    (large, failed, decision), (small, succeeded, none) = rows_of(owner)
    assert (large, failed, small, succeeded, none) == ("large", False, "small", True, None)
    assert decision is not None


def test_without_time_left_nothing_stands_in() -> None:
    rules = ExecutionRules(attempts=9, fallbacks={"large": ["small"]}, patience_s=0.0)
    done = patient(builders.project(), rules, large=failing, small=lambda _: "fast").handle_task(
        TASK
    )

    assert (done.success, done.tried) == (False, ("large",))


@pytest.mark.parametrize("is_async", [False, True])
def test_a_model_that_hangs_is_left_behind(is_async: bool) -> None:
    go_on = threading.Event()
    rules = ExecutionRules(timeout_s=0.05, fallbacks={"large": ["small"]})
    made = patient(
        builders.project(), rules, large=lambda _: go_on.wait(30), small=lambda _: "fast"
    )
    done = async_to_sync(made.handle_task_async)(TASK) if is_async else made.handle_task(TASK)
    go_on.set()

    assert (done.result, done.tried) == ("fast", ("large", "small"))


def test_a_coroutine_that_hangs_is_ended() -> None:
    ended: list[str] = []

    async def hang(task: Task) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("yes")

    made = patient(builders.project(), ExecutionRules(timeout_s=0.02), large=hang)
    done = async_to_sync(made.handle_task_async)(TASK)

    assert (done.success, ended) == (False, ["yes"])
    assert (done.error or "").startswith("TimeoutError")


def test_a_cancelled_task_is_not_learned_and_does_not_speak_against_the_model() -> None:
    owner, go_on, cancel = builders.project(), threading.Event(), threading.Event()

    def hang(task: Task) -> Any:
        cancel.set()
        return go_on.wait(30)

    made = orchestrator(owner, large=hang)
    for _ in range(3):
        cancel.clear()
        with pytest.raises(TaskCancelled):
            made.handle_task(TASK, cancel=cancel)
    go_on.set()

    assert made.breaker("large").state == "closed"
    assert rows_of(owner) == []


def stream(task: Task) -> Any:
    yield "To"
    yield "morrow."
    yield Reply(None, input_tokens=60, output_tokens=4)


async def stream_async(task: Task) -> Any:
    for piece in stream(task):
        yield piece


@pytest.mark.parametrize("run", [stream, stream_async])
def test_a_stream_is_shown_as_it_comes_and_learned_whole(run: Any) -> None:
    owner, shown = builders.project(), list[str]()
    done = async_to_sync(orchestrator(owner, large=run).handle_task_async)(TASK, show=shown.append)
    row = stored(owner)

    assert (done.result, shown) == ("Tomorrow.", ["To", "morrow."])
    assert (row.input_tokens, row.output_tokens) == (60, 4)


def test_a_stream_that_breaks_off_is_not_shown_twice() -> None:
    shown: list[str] = []

    def broken(task: Task) -> Any:
        yield "To"
        raise ConnectionError("gone")

    rules = ExecutionRules(attempts=3, first_pause_s=0.0, fallbacks={"large": ["small"]})
    made = patient(builders.project(), rules, large=broken, small=lambda _: "fast")
    done = made.handle_task(TASK, show=shown.append)

    assert (done.success, shown) == (False, ["To"])


def test_a_request_the_model_refuses_leaves_its_circuit_closed() -> None:
    class Refused(Exception):
        status_code = 400

    def refuse(task: Task) -> Any:
        raise Refused

    made = orchestrator(builders.project(), large=refuse)
    for _ in range(5):
        made.handle_task(TASK)

    assert made.breaker("large").state == "closed"


def test_what_never_ran_is_not_learned() -> None:
    owner = builders.project()
    made = orchestrator(owner, large=failing)
    for _ in range(5):
        made.handle_task(TASK)

    assert [model for model, _, _ in rows_of(owner)] == ["large", "large"]


def test_a_call_reserves_what_it_is_expected_to_take() -> None:
    owner, held = builders.project(), list[float]()
    room = Reservations(memory=10_000)

    def run(task: Task) -> Reply:
        held.append(room.held["memory_usage"])
        return Reply("done", input_tokens=5, memory_usage=700)

    made = orchestrator(owner, large=run)
    made.reservations = room
    results = [made.handle_task(TASK) for _ in range(21)]

    assert held[:20] == [0.0] * 20
    assert held[20] == 700
    assert results[20].forecast["tokens"] == (5, 5)
    assert stored(owner).memory_usage == 700
    assert room.held["calls"] == 0
