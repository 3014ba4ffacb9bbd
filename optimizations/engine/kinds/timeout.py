"""Stops waiting for answers that take far too long, and retries once."""

from __future__ import annotations

import math
from typing import ClassVar

import msgspec

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import Cards, Params
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import Request, Task
from optimizations.engine.kinds.protocol import Advice

ENOUGH, KEPT = 2000, 2000  # durations before anything is proposed; durations kept
QUANTILE, FACTOR = 0.995, 1.2
TAIL = 5.0  # the slowest hundredth takes this many times the median


class Durations(msgspec.Struct):
    """The last durations of one task type and model, in milliseconds."""

    last: list[float] = msgspec.field(default_factory=list)
    seen: int = 0

    def note(self, outcome: Outcome, treated: bool) -> None:
        duration = outcome.duration
        # What broke off, or the limit cut off, says nothing about the tail. A wrong answer does.
        if duration is None or treated or outcome.error is not None:
            return
        self.seen += 1
        self.last.append(duration)
        if len(self.last) > KEPT + KEPT // 10:
            del self.last[: KEPT // 10]

    def proposal(self, settings: PolicySettings) -> Params | None:
        return self.limit() if settings.duration_weight > 0 else None

    def advice(self, card: ModelCard | None, settings: PolicySettings) -> Advice | None:
        limit = self.limit() if settings.duration_weight <= 0 else None
        if limit is None:
            return None
        text = (
            "The slowest answers take far longer than usual: a timeout of "
            f"{limit['timeout_ms']} ms and one retry would cut them off. It is tried once "
            "duration_weight is above 0."
        )
        return Advice("heavy_tail", text, limit)

    def limit(self) -> Params | None:
        """p99.5 × 1.2, when the tail is heavy."""
        if self.seen < ENOUGH:
            return None
        ordered = sorted(self.last)
        middle, slow = (ordered[int(len(ordered) * q)] for q in (0.5, 0.99))
        if middle <= 0 or slow / middle <= TAIL:
            return None
        limit = ordered[min(len(ordered) - 1, int(len(ordered) * QUANTILE))]
        return {"timeout_ms": math.ceil(limit * FACTOR), "retries": 1}


class Timeout:
    """The task stays as it is; the caller reads `timeout_ms` and `retries` from what was applied.

    Tried only where time counts (`duration_weight` above 0): elsewhere no effect
    could be shown, and the heavy tail is only reported.
    """

    name = "timeout"
    notes: ClassVar[type[Durations]] = Durations
    randomised = True

    def base(self, task: Task, cards: Cards) -> str | None:
        return task.model_id or None

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]:
        return []  # the limit has to be measured first: see `Durations.proposal`

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None:
        return task

    def describe(self, params: Params) -> str:
        return f"Time out after {params['timeout_ms']} ms and retry once"
