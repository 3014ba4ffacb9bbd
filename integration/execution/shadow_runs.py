"""Runs the shadows of a decision after its task was answered: a few at a time, nobody waits for them."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from django.db import close_old_connections, connection

from featurememory.errors import handle_feature_memory_error
from integration.execution.call_record import CallRecord
from integration.execution.course import PreparedTask
from integration.execution.model_runner import ModelRunner
from integration.execution.rules import is_refusal
from optimizations.engine.domain.task import ShadowWish, Task, TaskDecision
from optimizations.shadow_answers.arrivals import store_shadow
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.shadow_receipt import ShadowReceipt

LONGEST_S = 120.0
MOST_RUNNING = 4  # more at once would be a flood of paid calls beside those that somebody waits for
Describe = Callable[[ShadowWish, Task], dict[str, Any] | None]  # runs it; None: not now


class ShadowRuns:
    """Bounded and given up at `close`: what has begun ends, what has not is dropped."""

    def __init__(self, project_id: UUID, describe: Describe) -> None:
        self.project_id, self.describe = project_id, describe
        self._free = threading.BoundedSemaphore(MOST_RUNNING)
        self._closed = threading.Event()
        self._threads: set[threading.Thread] = set()

    def start(self, decision: TaskDecision | None) -> int:
        """Begins the shadows of a decision, as many as may run now; how many."""
        count = 0
        for wish in decision.shadows if decision else ():
            if decision is None or self._closed.is_set() or not self._free.acquire(blocking=False):
                break
            context = contextvars.copy_context()
            thread = threading.Thread(
                target=context.run,
                args=(self._run, wish, decision),
                name="fm-shadow",
                daemon=True,
            )
            self._threads.add(thread)
            thread.start()
            count += 1
        return count

    def close(self, seconds: float = 2.0) -> None:
        """Begins no more, and waits that long for those that run."""
        self._closed.set()
        until = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, wish: ShadowWish, decision: TaskDecision) -> None:
        try:
            task = msgspec.structs.replace(
                decision.task, model_id=wish.model_id, parameters=wish.parameters
            )
            item = self.describe(wish, task)
            if item is not None and not self._closed.is_set():
                store_answer(self.project_id, wish, decision, item)
        except Exception as error:
            handle_feature_memory_error(error)
        finally:
            if not connection.in_atomic_block:
                close_old_connections()
            self._free.release()
            self._threads.discard(threading.current_thread())


def store_answer(
    project_id: UUID, wish: ShadowWish, decision: TaskDecision, item: dict[str, Any]
) -> ShadowReceipt:
    given = item | {"decision_id": decision.id, "shadow_id": wish.shadow_id}
    raw = msgspec.json.encode({name: value for name, value in given.items() if value is not None})
    return store_shadow(project_id, build_arrival(parse_interaction(raw)))


def describe_shadow(runner: ModelRunner, wish: ShadowWish, task: Task) -> dict[str, Any] | None:
    """Runs an alternative; None while its circuit is not closed: what is in trouble gets no calls that
    nobody waits for. That a call returned says nothing of its answer: else every alternative would
    be proven as good as what was served."""
    if not runner.is_usable(wish.model_id) or runner.breaker(wish.model_id).state != "closed":
        return None
    began, reply, failure = time.perf_counter(), None, None
    try:
        reply = runner.run(task, LONGEST_S, None, None)
    except Exception as error:
        if is_refusal(error):  # its circuit opened meanwhile: it has not run, let alone failed
            return None
        failure = error
    duration = (time.perf_counter() - began) * 1000
    record = CallRecord(PreparedTask(task, None, []), reply, duration, failure)
    return record.build_interaction(unsaid=None)
