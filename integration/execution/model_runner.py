"""Runs a model once: admitted by its circuit breaker, within its time, streamed or whole."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from integration.breaker import CircuitBreaker
from integration.execution.bounded_call import TaskCancelled, threads, wait_for
from integration.execution.reply import Reply, Show, collect, collect_async, refuse_coroutine
from integration.execution.rules import is_models_fault
from integration.registry import ModelCallable, ModelRegistry
from optimizations.engine.domain.task import Task


class ModelRunner:
    def __init__(self, registry: ModelRegistry, breaker: Callable[[], CircuitBreaker]) -> None:
        self.registry = registry
        self._new_breaker = breaker
        self._breakers: dict[str, CircuitBreaker] = {}

    def breaker(self, model_id: str) -> CircuitBreaker:
        return self._breakers.setdefault(model_id, self._new_breaker())

    def is_usable(self, model_id: str) -> bool:
        """Registered here, and its circuit is not open."""
        return model_id in self.registry and self.breaker(model_id).state != "open"

    def run(
        self,
        task: Task,
        seconds: float | None = None,
        show: Show | None = None,
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Raises what the model raises, MODEL_FAILED while its circuit is open, TimeoutError,
        TaskCancelled."""
        run, breaker = self._admit(task)

        def call() -> Reply:
            given = run(task)
            refuse_coroutine(given, task.model_id)
            return collect(given, show)

        try:
            bounded = seconds is not None or cancel is not None
            reply = wait_for(threads.start(call), seconds, cancel) if bounded else call()
        except BaseException as error:
            record_failure(breaker, error)
            raise
        breaker.record(True)
        return reply

    async def run_async(
        self, task: Task, seconds: float | None = None, show: Show | None = None
    ) -> Reply:
        """A plain function runs in a thread: it must not hold up the event loop."""
        run, breaker = self._admit(task)
        try:
            async with asyncio.timeout(seconds):
                given = await self._begin(run, task, show)
                reply = await collect_async(given, show)
        except BaseException as error:
            record_failure(breaker, error)
            raise
        breaker.record(True)
        return reply

    async def _begin(self, run: ModelCallable, task: Task, show: Show | None) -> Any:
        if is_coroutine_function(run):
            return run(task)

        def call() -> Any:
            given = run(task)
            later = inspect.isawaitable(given) or isinstance(given, AsyncIterator)
            return given if later else collect(given, show)

        return await asyncio.wrap_future(threads.start(call))

    def _admit(self, task: Task) -> tuple[ModelCallable, CircuitBreaker]:
        run = self.registry.get(task.model_id)
        breaker = self.breaker(task.model_id)
        breaker.check(task.model_id)
        return run, breaker


def is_coroutine_function(run: ModelCallable) -> bool:
    called = run if inspect.isroutine(run) else getattr(run, "__call__", run)  # noqa: B004
    return inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)


def record_failure(breaker: CircuitBreaker, error: BaseException) -> None:
    """What the caller broke off, or asked wrongly, says nothing about the model."""
    if isinstance(error, asyncio.CancelledError | TaskCancelled):
        breaker.forget_probe()
    elif is_models_fault(error):
        breaker.record(False)
    else:
        breaker.record(True)
