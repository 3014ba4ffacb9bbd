"""What an experiment can find out: before it begins, and what is left while it runs.

The best bet on a gap g between the mean of scores of variance v and what is to be refuted grows by
g²/(2v) a score, and scatters by twice that (Kelly; the wealth is that of `statistics.betting`). So a
proof needs about 2v/g² · log(bar) scores, and the chance that a given number suffices is normal.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, Json
from optimizations.engine.review.exploration import WIDEST
from optimizations.engine.review.knapsack import Picks
from optimizations.engine.review.scope_view import ScopeView
from optimizations.engine.statistics.betting import requests_needed
from optimizations.engine.trials.trial_tests import TrialTests

DAY = 86_400.0
EASY = 0.02  # least variance of one quality: with rarer failures nothing ends sooner
LOOSE = 1.0  # of log wealth lost to stakes that are not the best ones


class TrialPlan(msgspec.Struct, frozen=True):
    """`variance` of one score of a trial with `share` treated, where quality is a rate."""

    rate: float
    share: float = WIDEST

    @property
    def variance(self) -> float:
        spread = max(EASY, self.rate * (1 - self.rate))
        return spread / self.share + spread / (1 - self.share)

    def count_needed(self, gap: float, e_value: float) -> int | None:
        return requests_needed(gap, self.variance, max(0.0, math.log(e_value)) + LOOSE)

    def chance(self, gap: float, e_value: float, n: float) -> float:
        """That `n` scores raise an e-value by the factor `e_value`."""
        if gap <= 0 or n <= 0:
            return 0.0
        grown = n * gap**2 / (2 * self.variance)
        missing = max(0.0, math.log(e_value)) + LOOSE - grown
        return 0.5 * math.erfc(missing / (2 * grown) ** 0.5 / 2**0.5)

    def smallest_gap(self, e_value: float, n: int) -> float:
        return math.sqrt(2 * self.variance * (math.log(e_value) + LOOSE) / n)


def estimate_power(
    view: ScopeView, used: Picks, tests: TrialTests, settings: PolicySettings, now: float
) -> dict[str, Json]:
    """What a proof takes if the change saves what is believed, or gains it in quality. `more` counts requests
    of both arms, pairs of answers spare some; `chance` is that of a proof within the limits."""
    plan = TrialPlan(view.scope.mean(CONTROL, "")[0])
    left = settings.max_trial_requests - tests.n_treated - tests.n_control
    rate = compared_a_day(view, used, settings, now)
    wanted = list_gaps(view, used, tests, settings)
    counts = [plan.count_needed(gap, factor) for gap, factor in wanted]
    more = None if None in counts else max(count for count in counts if count is not None)
    time = settings.max_trial_s / DAY * rate if rate else left
    chances = [
        plan.chance(gap, factor, min(left, time)) if factor > 1 else 1.0 for gap, factor in wanted
    ]
    return {
        "more": more,
        "days": more / rate if more is not None and rate else None,
        "per_day": rate,
        "limit": settings.max_trial_requests,
        "chance": min(chances),
        "smallest": plan.smallest_gap(settings.activate_at, settings.max_trial_requests),
        "share": plan.share,
    }


def list_gaps(
    view: ScopeView, used: Picks, tests: TrialTests, settings: PolicySettings
) -> list[tuple[float, float]]:
    """(gap, factor by which its e-value has to grow) of what is to be proven: gain, and no loss."""
    rows = np.flatnonzero(used >= 0)
    weights = view.traffic[rows]
    reach = float(weights.sum())
    saved, worth = view.post.saved[rows, used[rows]], view.post.worth_mean(0.0)[rows, used[rows]]
    gained = float(max(weights @ saved, weights @ worth)) / reach if reach else 0.0
    gain = tests.utility.above(0.0) * (tests.pairs.lift if tests.pairs else 1.0)
    kept = tests.quality.above(-settings.quality_margin)
    kept *= tests.pairs.guard(settings.quality_margin) if tests.pairs else 1.0
    return [
        (gained, settings.lift_at / max(1e-9, gain)),
        (settings.quality_margin, settings.activate_at / max(1e-9, kept)),
    ]


def compared_a_day(
    view: ScopeView, used: Picks, settings: PolicySettings, now: float
) -> float | None:
    """Requests a day that a trial would compare, both arms; None while the traffic is not known."""
    daily = view.scope.pace.per_day(now)
    if daily is None:
        return None
    reach = float(view.traffic[np.flatnonzero(used >= 0)].sum()) or 1.0
    return daily * min(reach, settings.exploration_budget / WIDEST)
