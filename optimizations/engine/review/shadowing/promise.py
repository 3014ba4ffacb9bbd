"""What a scope promises to gain, and what its shadows may cost because of that."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.review.knapsack import choose_values
from optimizations.engine.review.scope_view import ScopeView
from optimizations.engine.statistics.arrays import Array

AHEAD = 150.0  # requests over which what is left of the budget is spread
ADVANCE = 500.0  # requests whose share may be spent before they came
LOST_MOST = 0.008  # of all spend, while nothing promises a gain
LOST_FIRST = 2500.0  # requests for which that part is there from the start
WORTH_PART = 0.2  # of the saving that is promised may be spent on proving it
LEAST_WEIGHT = 0.05  # of cost in utility
PROMISE = 0.003  # utility that the best known choice gains, from which the whole budget is open
SURE = 0.6  # chance that it gains at all
HOPED, HOPEFUL = 0.045, 0.025  # utility that may be found, from which that share may be lost on it
STALLED_AFTER, STALLED_BELOW = 400, 2.0  # pairs, and the e-value of a gain they should have reached
PROBE = 0.002  # units a request while nobody runs the shadows
OPTIMISM = 0.6  # standard deviations by which a choice may promise more than is believed
TOO_DEAR = -0.03  # utility of the saving below which a value is not run as a shadow
LEAST_COST = 0.02  # of a shadow: what costs nothing by its price still costs a call


class Promise(msgspec.Struct, frozen=True):
    """What the best known choice gains by belief, how sure that is, and what a better one may add."""

    gain: float
    sure: float
    hope: float
    saved: float  # the part of the gain that is saved cost and time

    @property
    def holds(self) -> bool:
        return self.gain >= PROMISE and self.sure >= SURE


def weigh_promise(view: ScopeView, settings: PolicySettings) -> Promise:
    worth = view.post.worth(0.0)
    picks, _ = choose_values(
        view.post, view.traffic, may_search(view), settings.quality_budget, view.picks, OPTIMISM
    )
    rows = np.flatnonzero(picks >= 0)
    chosen = np.zeros(worth.shape[:2])
    chosen[:, rows] = worth[:, rows, picks[rows]]
    gains = chosen @ view.traffic
    allowed = np.where(may_search(view)[None], worth, 0.0)
    hope = float((np.maximum(allowed.max(axis=2) - chosen, 0.0) @ view.traffic).mean())
    sure = float((gains > 0).mean()) if len(rows) else 0.0
    saved = float(view.traffic[rows] @ view.post.saved[rows, picks[rows]])
    return Promise(float(gains.mean()), sure, hope, saved)


def allowed_rate(view: ScopeView, promise: Promise, settings: PolicySettings) -> float:
    """What the shadows of one request may cost, in units of the incumbent's mean cost."""
    meter = view.scope.meter
    if promise.holds and not is_stalled(view):
        worth = WORTH_PART * promise.saved / max(settings.cost_weight, LEAST_WEIGHT)
        share = max(min(LOST_MOST, settings.shadow_budget), min(settings.shadow_budget, worth))
        left = share * (meter.paid + ADVANCE) - meter.spent
    else:
        share = min(LOST_MOST, settings.shadow_budget)
        left = share * max(meter.paid, LOST_FIRST) - meter.spent
        if promise.hope >= HOPED:
            left = max(left, min(HOPEFUL, settings.shadow_budget) * meter.paid - meter.spent)
    rate = max(0.0, left) / AHEAD
    return min(rate, PROBE) if meter.ignored else rate


def is_stalled(view: ScopeView) -> bool:
    """Whether many pairs of what would be served have not begun to show a gain: what is believed then
    is luck, or no proof will come in time. Tasks of an evaluation set count by their weight."""
    pairs = view.chooser.tests.pairs if view.chooser else None
    if pairs is None:
        return False
    return pairs.utility.weight >= STALLED_AFTER and pairs.lift < STALLED_BELOW


def shadow_costs(view: ScopeView) -> Array:
    return np.asarray(np.maximum(LEAST_COST, view.post.cost), dtype=np.float64)


def may_search(view: ScopeView) -> Array:
    """[pattern, value] whether a value may be run: it fits, and it does not cost too much."""
    return np.asarray((view.values.fits > 0) & (view.post.saved >= TOO_DEAR))
