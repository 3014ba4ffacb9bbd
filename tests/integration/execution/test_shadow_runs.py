from __future__ import annotations

import threading
import time
from typing import Any
from uuid import UUID

from integration.execution import shadow_runs
from integration.execution.shadow_runs import MOST_RUNNING, ShadowRuns
from optimizations.engine.domain.task import ShadowWish, Task, TaskDecision
from tests import builders

TASK = Task("large", "hello", "chat")


def decided(count: int) -> TaskDecision:
    wishes = [
        ShadowWish(f"d.{n}", "route_model", "large", "v", "small", {}, 0.5) for n in range(count)
    ]
    return TaskDecision("d", TASK, shadows=tuple(wishes))


def answer(wish: ShadowWish, task: Task) -> dict[str, Any]:
    return builders.item(1, model_id=task.model_id)


def test_a_shadow_runs_with_its_model_and_is_stored_with_its_id(monkeypatch: Any) -> None:
    stored: list[tuple[str, str]] = []

    def keep(_: UUID, wish: ShadowWish, decision: TaskDecision, item: dict[str, Any]) -> bool:
        stored.append((wish.shadow_id, item["model_id"]))
        return True

    monkeypatch.setattr(shadow_runs, "store_answer", keep)
    runs = ShadowRuns(UUID(int=1), answer)

    assert runs.start(decided(1)) == 1
    runs.close()

    assert stored == [("d.0", "small")]


def test_only_a_few_run_at_once_and_none_waits() -> None:
    gate = threading.Event()

    def wait(wish: ShadowWish, task: Task) -> None:
        gate.wait(5)

    runs = ShadowRuns(UUID(int=1), wait)
    began = time.monotonic()
    count = runs.start(decided(MOST_RUNNING + 3))
    took = time.monotonic() - began
    gate.set()
    runs.close()

    assert count == MOST_RUNNING
    assert took < 5


def test_after_close_nothing_begins() -> None:
    runs = ShadowRuns(UUID(int=1), answer)
    runs.close()

    assert runs.start(decided(1)) == 0


def test_a_shadow_that_fails_disturbs_nobody() -> None:
    def fail(wish: ShadowWish, task: Task) -> None:
        raise ConnectionError("the model does not answer")

    runs = ShadowRuns(UUID(int=1), fail)
    runs.start(decided(1))
    runs.close()

    assert runs.start(decided(0)) == 0
