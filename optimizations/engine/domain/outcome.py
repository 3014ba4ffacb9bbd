"""The outcome of a task, its quality signals, and its utility in one number."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.call_price import TokenUsage
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json, Task, TaskDecision

CLIP = 8.0  # cost and duration count at most this many times their reference


class Outcome(msgspec.Struct, frozen=True):
    """One interaction as the optimizer sees it.

    `task` is the task as it ran, `model_id` who served. `success`, `score` (0 to 1) and
    `feedback` (0 to 1) are None while unknown. `cost` in the project's currency, None when
    unpriced (never 0 for unknown), `duration` in milliseconds, `at` seconds since the epoch.
    `cached` is true when the answer came from the cache. `failed`: the caller reported a failure;
    what such a call took and cost says nothing about the model. `delay`: seconds from the decision until it
    was known here; None without a decision.
    """

    id: str
    task: Task
    model_id: str
    at: float
    decision: TaskDecision | None = None
    pattern_id: str | None = None
    success: bool | None = None
    score: float | None = None
    feedback: float | None = None
    cost: float | None = None
    duration: float | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    cached_input_tokens: float | None = None
    cache_write_tokens: float | None = None
    reasoning_tokens: float | None = None
    extended_cache_write_tokens: float | None = None
    output: Json = None
    error: str | None = None
    cached: bool = False
    failed: bool = False
    delay: float | None = None

    @property
    def usage(self) -> TokenUsage:
        return TokenUsage(
            self.input_tokens,
            self.output_tokens,
            self.cached_input_tokens,
            self.cache_write_tokens,
            self.reasoning_tokens,
            self.extended_cache_write_tokens,
        )

    @property
    def explored(self) -> bool:
        """Whether something unproven was tried."""
        return self.decision is not None and self.decision.reason in ("trial", "explore")

    @property
    def home(self) -> str:
        """The pattern it counts for: the decision's, else its own; "" for none."""
        return (self.decision.pattern_id if self.decision else self.pattern_id) or ""

    @property
    def quality(self) -> float | None:
        """Feedback of people, else the score, else success as 1 or 0; a failure is 0."""
        if self.feedback is not None:
            return self.feedback
        if self.score is not None:
            return self.score
        if self.success is None:
            return 0.0 if self.failed else None
        return float(self.success)

    @property
    def is_graded(self) -> bool:
        """Whether somebody said how good it was, beyond that the call succeeded."""
        return self.score is not None or self.feedback is not None

    @property
    def second_signal(self) -> float | None:
        """Success, when `quality` is something else: the signal a judge cannot move."""
        if self.success is None or (self.score is None and self.feedback is None):
            return None
        return float(self.success)


class Reference(msgspec.Struct):
    """Mean cost and duration of the incumbent: the units in which savings are weighed."""

    cost: float = 0.0
    duration: float = 0.0


def utility(quality: float, outcome: Outcome, ref: Reference, settings: PolicySettings) -> float:
    """u = quality − λc·cost/ref − λt·duration/ref, each ratio clipped at 8; see docs/statistics.md.

    An unpriced model and a missing duration count as the reference: no advantage, no penalty.
    """
    cost = ratio(outcome.cost, ref.cost)
    duration = ratio(outcome.duration, ref.duration)
    return quality - settings.cost_weight * cost - settings.duration_weight * duration


def ratio(value: float | None, reference: float) -> float:
    if value is None or reference <= 0:
        return 1.0
    return min(CLIP, max(0.0, value / reference))
