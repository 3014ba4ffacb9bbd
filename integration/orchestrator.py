"""The spec's ModelOrchestrator: find patterns, get optimizations, run the model, learn from it."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from functools import partial

import msgspec
from asgiref.sync import sync_to_async

from featurememory.errors import handle_feature_memory_error
from featurememory.models import Project
from integration.breaker import CircuitBreaker
from integration.execution.bounded_call import TaskCancelled, wait_between
from integration.execution.call_record import CallRecord, TaskResult
from integration.execution.course import Course, PreparedTask
from integration.execution.forecasts import Forecast, ResourceForecasts
from integration.execution.model_runner import ModelRunner
from integration.execution.reply import Reply, Show
from integration.execution.reservations import Reservations
from integration.execution.rules import ExecutionRules, is_refusal
from integration.execution.shadow_runs import ShadowRuns, describe_shadow
from integration.registry import ModelRegistry
from optimizations.engine.domain.task import Task
from optimizations.manager import OptimizationManager
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.wakeup import wake_learner
from patterns.ingest.writer import store_arrivals


class ModelOrchestrator:
    """Runs tasks on the models of `registry`, prepared by and learned into `project`.

    A model is a function or coroutine function, plain or a generator (it streams), an `SdkModel` or
    a `CompatibleEndpoint`. `rules` say how often and how long it is tried and what stands in for it,
    `reservations` how much may run at once. `handle_task` is for all but coroutines,
    `handle_task_async` for all. Failed calls are learned too; a failure of Feature Memory never
    stops a task.
    """

    def __init__(
        self,
        project: Project,
        registry: ModelRegistry,
        breaker: Callable[[], CircuitBreaker] = CircuitBreaker,
        rules: ExecutionRules | None = None,
        reservations: Reservations | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.project, self.registry = project, registry
        self.rules, self.reservations = rules or ExecutionRules(), reservations
        self.manager = OptimizationManager(project)
        self.forecasts = ResourceForecasts(project.pk)
        self.runner = ModelRunner(registry, breaker)
        self._chance = chance
        self.shadows = ShadowRuns(project.pk, partial(describe_shadow, self.runner))

    def handle_task(
        self, task: Task, *, show: Show | None = None, cancel: threading.Event | None = None
    ) -> TaskResult:
        """Run a task. `show` gets the pieces of a streamed answer as they come. Once `cancel` is set
        TaskCancelled is raised, and nothing is learned."""
        course = self._begin(task, show)
        if course.is_served:
            return self._end(course, course.served_reply, 0.0)
        while True:
            limit, began = course.begin(), time.perf_counter()
            try:
                with self._reserve(course.forecast):
                    reply = self.execute(course.plan.task, limit, course.showing, cancel)
            except TaskCancelled:
                course.showing.end()
                raise
            except Exception as error:
                pause = course.next_pause(error)
                if pause is not None:
                    wait_between(pause, cancel)
                    continue
                result = self._end(course, None, measure_elapsed_ms(began), error)
                if not self._fall_back(course):
                    return result
            else:
                return self._end(course, reply, measure_elapsed_ms(began))

    async def handle_task_async(self, task: Task, *, show: Show | None = None) -> TaskResult:
        """The same from a coroutine; whoever cancels that cancels the call."""
        end, fall_back = sync_to_async(self._end), sync_to_async(self._fall_back)
        course = await sync_to_async(self._begin)(task, show)
        if course.is_served:
            return await end(course, course.served_reply, 0.0)
        while True:
            limit, began = course.begin(), time.perf_counter()
            try:
                async with self._reserve_async(course.forecast):
                    reply = await self.execute_async(course.plan.task, limit, course.showing)
            except asyncio.CancelledError:
                course.showing.end()
                raise
            except Exception as error:
                pause = course.next_pause(error)
                if pause is not None:
                    await asyncio.sleep(pause)
                    continue
                result = await end(course, None, measure_elapsed_ms(began), error)
                if not await fall_back(course):
                    return result
            else:
                return await end(course, reply, measure_elapsed_ms(began))

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
        return [name for name in self.registry.model_ids if self.runner.is_usable(name)]

    def breaker(self, model_id: str) -> CircuitBreaker:
        return self.runner.breaker(model_id)

    def forecast(self, plan: PreparedTask) -> Forecast:
        """What the call is expected to take, as 90 % intervals; empty when preparing failed."""
        try:
            return self.forecasts.forecast(plan.pattern_id, plan.task.model_id)
        except Exception as error:
            handle_feature_memory_error(error)
            return {}

    def execute(
        self,
        task: Task,
        seconds: float | None = None,
        show: Show | None = None,
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Run the model once. Raises what the model raises, MODEL_FAILED while its circuit is open."""
        return self.runner.run(task, seconds, show, cancel)

    async def execute_async(
        self, task: Task, seconds: float | None = None, show: Show | None = None
    ) -> Reply:
        return await self.runner.run_async(task, seconds, show)

    def learn(self, record: CallRecord) -> None:
        """Store what became of a call, and let it correct the forecasts."""
        try:
            self._remember(record)
        except Exception as failed:
            handle_feature_memory_error(failed)

    def _begin(self, task: Task, show: Show | None) -> Course:
        plan = self.prepare(task)
        rules = self.rules.follow(plan.decision.applied if plan.decision else ())
        usable = self.runner.is_usable
        return Course(plan, rules, show, usable, self._chance, forecast=self.forecast(plan))

    def _fall_back(self, course: Course) -> bool:
        found = course.fall_back()
        if found:
            course.forecast = self.forecast(course.plan)
        return found

    def _end(
        self, course: Course, reply: Reply | None, duration: float, error: Exception | None = None
    ) -> TaskResult:
        course.showing.end()
        attempts = max(1, course.attempt)
        record = CallRecord(course.plan, reply, duration, error, attempts, course.fallback_of)
        if not is_refusal(error):
            self.learn(record)
        if error is None and self.reservations is None:  # where room is scarce, none for shadows
            self.shadows.start(course.plan.decision)
        return record.describe_result(tuple(course.tried), course.forecast)

    def _reserve(self, forecast: Forecast) -> AbstractContextManager[None]:
        return nullcontext() if self.reservations is None else self.reservations.hold(forecast)

    def _reserve_async(self, forecast: Forecast) -> AbstractAsyncContextManager[None]:
        return (
            nullcontext() if self.reservations is None else self.reservations.hold_async(forecast)
        )

    def _remember(self, record: CallRecord) -> None:
        item = record.build_interaction()
        raw = msgspec.json.encode({name: v for name, v in item.items() if v is not None})
        store_arrivals(self.project.pk, [build_arrival(parse_interaction(raw))])
        wake_learner(self.project.pk)
        if record.reply is not None and not record.is_cached:
            self.forecasts.learn(
                record.plan.pattern_id, record.plan.task.model_id, record.measure_figures()
            )


def measure_elapsed_ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000
