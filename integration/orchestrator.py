"""The spec's ModelOrchestrator: find patterns, get optimizations, run the model, learn from it."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from asgiref.sync import sync_to_async

from featurememory.errors import handle_feature_memory_error
from featurememory.models import Project
from integration.breaker import CircuitBreaker
from integration.registry import ModelRegistry
from optimizations.engine.domain.task import Task, TaskDecision
from optimizations.manager import OptimizationManager
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.wakeup import wake_learner
from patterns.ingest.writer import store_arrivals


class Reply(msgspec.Struct, frozen=True):
    """What a model may return instead of its bare output. Cost in the project's currency, `score` 0 to
    1; None is unknown, never zero."""

    output: Any
    input_tokens: float | None = None
    output_tokens: float | None = None
    cached_input_tokens: float | None = None
    cost: float | None = None
    success: bool | None = True
    score: float | None = None


@dataclass(frozen=True)
class TaskResult:
    """The outcome of a task. `duration` in ms; `optimizations_applied` as in `POST /tasks/prepare/`."""

    success: bool
    result: Any
    optimizations_applied: list[dict[str, Any]]
    decision_id: str | None = None
    model_id: str = ""
    duration: float = 0.0
    error: str | None = None
    patterns: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class PreparedTask:
    """The task to run, and its decision (None when preparing failed)."""

    task: Task
    decision: TaskDecision | None
    patterns: list[dict[str, Any]]

    @property
    def applied(self) -> list[dict[str, Any]]:
        entries = self.decision.applied if self.decision else ()
        return [msgspec.to_builtins(entry) for entry in entries]


class ModelOrchestrator:
    """Runs tasks on the callables of `registry`, prepared by and learned into `project`.

    `handle_task` is for plain functions, `handle_task_async` for both plain and coroutine functions.
    Failed calls are learned too; a failure of Feature Memory never stops a task.
    """

    def __init__(
        self,
        project: Project,
        registry: ModelRegistry,
        breaker: Callable[[], CircuitBreaker] = CircuitBreaker,
    ) -> None:
        self.project, self.registry = project, registry
        self.manager = OptimizationManager(project)
        self._new_breaker = breaker
        self._breakers: dict[str, CircuitBreaker] = {}

    def handle_task(self, task: Task) -> TaskResult:
        plan = self.prepare(task)
        if plan.decision and plan.decision.served_from_cache:
            return self.learn(plan, Reply(plan.decision.cached_output, success=None), 0.0)
        began = time.perf_counter()
        try:
            reply = self.execute(plan.task)
        except Exception as error:
            return self.learn(plan, None, measure_elapsed_ms(began), error)
        return self.learn(plan, reply, measure_elapsed_ms(began))

    async def handle_task_async(self, task: Task) -> TaskResult:
        plan = await sync_to_async(self.prepare)(task)
        learn = sync_to_async(self.learn)
        if plan.decision and plan.decision.served_from_cache:
            return await learn(plan, Reply(plan.decision.cached_output, success=None), 0.0)
        began = time.perf_counter()
        try:
            reply = await self.execute_async(plan.task)
        except Exception as error:
            return await learn(plan, None, measure_elapsed_ms(began), error)
        return await learn(plan, reply, measure_elapsed_ms(began))

    def prepare(self, task: Task) -> PreparedTask:
        """The task as it should run; unchanged when preparing fails."""
        try:
            prepared = self.manager.apply(task, self.usable_models())
        except Exception as error:
            handle_feature_memory_error(error)
            return PreparedTask(task, None, [])
        return PreparedTask(prepared.decision.task, prepared.decision, prepared.patterns)

    def usable_models(self) -> list[str]:
        """Models that tasks may be routed to: registered, and their circuit is not open."""
        return [name for name in self.registry.model_ids if self.breaker(name).state != "open"]

    def breaker(self, model_id: str) -> CircuitBreaker:
        return self._breakers.setdefault(model_id, self._new_breaker())

    def execute(self, task: Task) -> Reply:
        """Run the model once. Raises what the model raises, MODEL_FAILED while its circuit is open."""
        run, breaker = self._admitted(task)
        try:
            given = run(task)
            if inspect.isawaitable(given):
                close_coroutine(given)
                raise TypeError(f"{task.model_id!r} is a coroutine: use handle_task_async")
        except BaseException:
            breaker.record(False)
            raise
        breaker.record(True)
        return to_reply(given)

    async def execute_async(self, task: Task) -> Reply:
        run, breaker = self._admitted(task)
        try:
            given = run(task)
            if inspect.isawaitable(given):
                given = await given
        except asyncio.CancelledError:
            breaker.forget_probe()  # cancelled by the caller, which says nothing about the model
            raise
        except BaseException:
            breaker.record(False)
            raise
        breaker.record(True)
        return to_reply(given)

    def _admitted(self, task: Task) -> tuple[Callable[[Task], Any], CircuitBreaker]:
        run = self.registry.get(task.model_id)
        breaker = self.breaker(task.model_id)
        breaker.check(task.model_id)
        return run, breaker

    def learn(
        self,
        plan: PreparedTask,
        reply: Reply | None,
        duration: float,
        error: Exception | None = None,
    ) -> TaskResult:
        """Store the interaction and return the result of the task. `duration` in ms."""
        text = None if error is None else f"{type(error).__name__}: {error}"[:2000]
        try:
            self._remember(plan, reply, duration, text)
        except Exception as failed:
            handle_feature_memory_error(failed)
        return TaskResult(
            success=error is None and (reply is None or reply.success is not False),
            result=reply.output if reply else None,
            optimizations_applied=plan.applied,
            decision_id=plan.decision.id if plan.decision else None,
            model_id=plan.task.model_id,
            duration=duration,
            error=text,
            patterns=plan.patterns,
        )

    def _remember(
        self, plan: PreparedTask, reply: Reply | None, duration: float, error: str | None
    ) -> None:
        item = build_interaction(plan, reply, duration, error)
        raw = msgspec.json.encode({name: v for name, v in item.items() if v is not None})
        store_arrivals(self.project.pk, [build_arrival(parse_interaction(raw))])
        wake_learner(self.project.pk)


def build_interaction(
    plan: PreparedTask, reply: Reply | None, duration: float, error: str | None
) -> dict[str, Any]:
    """One call in the shape of `POST /interactions/`."""
    task = plan.task
    usage = {} if reply is None else {
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "cached_input_tokens": reply.cached_input_tokens,
        "cost": reply.cost,
    }  # fmt: skip
    return {
        "model_id": task.model_id,
        "task_type": task.task_type,
        "input": task.input,
        "output": reply.output if reply else None,
        "parameters": task.parameters,
        "metadata": {"timestamp": int(time.time() * 1000), "duration": duration},
        "usage": usage,
        "success": False if reply is None else reply.success,
        "score": reply.score if reply else None,
        "error": error,
        "session_id": task.session_id,
        "decision_id": plan.decision.id if plan.decision else None,
    }


def to_reply(given: Any) -> Reply:
    return given if isinstance(given, Reply) else Reply(given)


def measure_elapsed_ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def close_coroutine(given: Any) -> None:
    """Close a coroutine that will never run, so that Python does not warn."""
    if inspect.iscoroutine(given):
        given.close()
