"""The course of one task: which model is tried next, after which pause, and when to give up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from integration.execution.forecasts import Forecast
from integration.execution.reply import Reply, Show
from integration.execution.rules import ExecutionRules
from optimizations.engine.domain.task import Task, TaskDecision


@dataclass(frozen=True)
class PreparedTask:
    """The task to run, and its decision (None when preparing failed, and for a fallback)."""

    task: Task
    decision: TaskDecision | None
    patterns: list[dict[str, Any]]

    @property
    def applied(self) -> list[dict[str, Any]]:
        entries = self.decision.applied if self.decision else ()
        return [msgspec.to_builtins(entry) for entry in entries]

    @property
    def pattern_id(self) -> str | None:
        return self.patterns[0]["id"] if self.patterns else None

    def with_model(self, model_id: str) -> PreparedTask:
        """The same task on a model that nobody decided for: what it does proves nothing."""
        return PreparedTask(
            msgspec.structs.replace(self.task, model_id=model_id), None, self.patterns
        )


class Showing:
    """Hands on the pieces of one attempt; none once it was given up, since its thread may go on."""

    def __init__(self, show: Show | None) -> None:
        self._show, self.has_shown, self._is_over = show, False, False

    def __call__(self, piece: Any) -> None:
        if not self._is_over and self._show is not None:
            self.has_shown = True
            self._show(piece)

    def end(self) -> None:
        self._is_over = True


@dataclass
class Course:
    """Kept by whoever runs the task: `begin` before each attempt, `next_pause` and `fall_back` after
    one that failed. `usable`: whether a model may be tried. `chance` draws from 0 to 1."""

    plan: PreparedTask
    rules: ExecutionRules
    show: Show | None
    usable: Callable[[str], bool]
    chance: Callable[[], float]
    clock: Callable[[], float] = time.monotonic
    forecast: Forecast = field(default_factory=dict)
    attempt: int = 0
    tried: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._until = self.clock() + self.rules.patience_s
        self._rest: Iterable[str] = iter(self._fallbacks(self.plan.task.model_id))
        self._first = self.plan.task.model_id
        self.showing = Showing(self.show)

    def _fallbacks(self, model_id: str) -> Sequence[str]:
        return self.rules.fallbacks.get(model_id, ())

    @property
    def is_served(self) -> bool:
        """Whether the answer is known: nothing runs."""
        return self.plan.decision is not None and self.plan.decision.served_from_cache

    @property
    def served_reply(self) -> Reply:
        """The known answer. Whether it was right nobody knows yet."""
        return Reply(self.plan.decision.cached_output if self.plan.decision else None, success=None)

    @property
    def fallback_of(self) -> str | None:
        """The model this one stands in for."""
        return None if self.plan.task.model_id == self._first else self._first

    def begin(self) -> float | None:
        """Another attempt begins; seconds it may take."""
        self.attempt += 1
        if self.attempt == 1:
            self.tried.append(self.plan.task.model_id)
        self.showing = Showing(self.show)
        left = max(0.001, self._until - self.clock())
        limit = min(left, math.inf if self.rules.timeout_s is None else self.rules.timeout_s)
        return None if limit == math.inf else limit

    def next_pause(self, error: Exception) -> float | None:
        """Seconds until the same model is tried again; None when it is not. Nor is any once a part of
        an answer was shown: it would be shown twice."""
        self.showing.end()
        pause = self.rules.find_pause(self.attempt, error, self.chance())
        if pause is None or self.showing.has_shown or self.clock() + pause >= self._until:
            return None
        return pause

    def fall_back(self) -> bool:
        """Go on with the next model that may be tried; False when there is none, or no time."""
        if self.showing.has_shown or self.clock() >= self._until:
            return False
        for model_id in self._rest:
            if model_id not in self.tried and self.usable(model_id):
                self.plan, self.attempt = self.plan.with_model(model_id), 0
                return True
        return False
