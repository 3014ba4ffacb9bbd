"""The budget of exploration: a share of the traffic and a little quality, over a window."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.trial_scope import ScopeKey

STEP = 25  # requests summed up in one interval
# Exploration runs faster than its long-run share while most of it is unspent: (used, pace).
PACES = ((0.95, 3.3), (1.0, 0.5))
AHEAD = 50.0  # requests for which what is left has to last: decisions run ahead of their outcomes


class ExplorationBudget(msgspec.Struct, frozen=True):
    """`share` of a scope's traffic may explore, losing at most `loss` of mean quality."""

    share: float
    loss: float


class Interval(msgspec.Struct, array_like=True):
    requests: int = 0
    explored: int = 0
    served: list[tuple[ScopeKey, str, int]] = msgspec.field(default_factory=list)


class ExplorationSpending(msgspec.Struct):
    """The last `window` requests in intervals: how many explored, and with which change.

    Once a window has passed, the share holds for all requests so far too: what was spent early in
    it is not spent again as soon as the window has moved on.
    """

    intervals: list[Interval] = msgspec.field(default_factory=lambda: [Interval()])
    requests: int = 0  # of all time
    explored: int = 0

    def count(self, explored: bool) -> None:
        last = self.intervals[-1]
        if last.requests >= STEP:
            last = Interval()
            self.intervals.append(last)
        last.requests += 1
        last.explored += explored
        self.requests += 1
        self.explored += explored

    def spend(self, scope: ScopeKey, value: str) -> None:
        served = self.intervals[-1].served
        for k, (key, name, n) in enumerate(served):
            if (key, name) == (scope, value):
                served[k] = (key, name, n + 1)
                return
        served.append((scope, value, 1))

    def forget(self, window: int) -> None:
        keep = max(1, window // STEP)
        del self.intervals[:-keep]

    def share_left(self, settings: PolicySettings) -> float:
        """The share of the next requests that may explore."""
        allowed = settings.exploration_budget * settings.window
        whole = settings.exploration_budget * max(settings.window, self.requests)
        left = min(allowed - sum(i.explored for i in self.intervals), whole - self.explored)
        if left < 1:
            return 0.0
        pace = next(pace for until, pace in PACES if allowed - left < until * allowed)
        return min(0.5, settings.exploration_budget * pace, left / AHEAD)

    def estimate_lost(self, loss_of: Callable[[ScopeKey, str], float]) -> float:
        """Estimated quality lost in the window, in whole requests; `loss_of` estimates one request."""
        return sum(n * loss_of(key, value) for i in self.intervals for key, value, n in i.served)
