"""Give up on answers that take far too long, and ask once more."""

from __future__ import annotations

import math

import msgspec

from optimizations.engine.kind import Cards, Params
from optimizations.engine.settings import PolicySettings
from optimizations.engine.task import Request, Task

ENOUGH, KEPT = 2000, 2000  # durations before anything is proposed; durations kept
QUANTILE, FACTOR = 0.995, 1.2
TAIL = 5.0  # the slowest hundredth takes this many times the median


class Timeout:
    """The task stays as it is; the caller reads `timeout_ms` and `retries` from what was applied.

    Tried only where time is worth something (`duration_weight` above 0): elsewhere no effect
    could be shown, and the heavy tail is only reported.
    """

    name = "timeout"
    randomised = True

    def base(self, task: Task, cards: Cards) -> str | None:
        return task.model_id or None

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]:
        return []  # the limit has to be measured first: see `Durations.proposal`

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None:
        return task

    def describe(self, params: Params) -> str:
        return f"Stop waiting after {params['timeout_ms']} ms and ask once more"


class Durations(msgspec.Struct):
    """The last durations of one task type and model, in milliseconds."""

    last: list[float] = msgspec.field(default_factory=list)
    seen: int = 0

    def note(self, duration: float | None) -> None:
        if duration is None:
            return
        self.seen += 1
        self.last.append(duration)
        if len(self.last) > KEPT + KEPT // 10:
            del self.last[: KEPT // 10]

    def proposal(self) -> Params | None:
        """The limit, p99.5 × 1.2, when the tail is heavy."""
        if self.seen < ENOUGH:
            return None
        ordered = sorted(self.last)
        middle, slow = (ordered[int(len(ordered) * q)] for q in (0.5, 0.99))
        if middle <= 0 or slow / middle <= TAIL:
            return None
        limit = ordered[min(len(ordered) - 1, int(len(ordered) * QUANTILE))]
        return {"timeout_ms": math.ceil(limit * FACTOR), "retries": 1}
