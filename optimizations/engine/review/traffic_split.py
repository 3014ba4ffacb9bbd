"""From what is believed to what is served: the traffic plans of one scope."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.assignment import FLOOR
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.review.exploration import Exploration, plan_exploration
from optimizations.engine.review.exploration_budget import ExplorationBudget
from optimizations.engine.review.knapsack import UNCHANGED, Picks
from optimizations.engine.review.scope_view import LIVE, ScopeValues, ScopeView
from optimizations.engine.serving.traffic_plan import Choice, PlanSet, TrafficPlan
from optimizations.engine.statistics.arrays import Array

ALARM_HOLDOUT = 0.5
CONFIRM_SHARE = 0.5  # of the traffic for what pairs have proven, until live requests confirm it
NEARLY_FLOOR = FLOOR * 0.999  # shares are sums of floats


def plan_scope(view: ScopeView, budget: ExplorationBudget, turn: int, holdout: float) -> PlanSet:
    """Splits the traffic of every pattern between what serves, what is tried, and the holdout.

    `turn` decides which draw of the posterior names the challengers, `holdout` is a share.
    """
    values, chooser = view.values, view.chooser.state if view.chooser else None
    live = np.array([state.status in LIVE for state in values.owners], dtype=float)
    values.fits = values.fits * live
    exploration = plan_exploration(
        view.post.worth(view.price),
        view.post.loss,
        values.fits,
        view.traffic,
        view.picks,
        chooser is not None and chooser.status == "trial",
        budget,
        turn,
    )
    if view.offline:
        exploration.explore[:] = 0.0  # shadows do that, and users see none of it
        if chooser is not None and chooser.confirming:
            exploration.trial = confirm_picks(view.picks, values.fits)
        else:
            exploration.trial[:] = 0.0
    elif chooser is not None and chooser.confirming:
        exploration = Exploration(confirm_picks(view.picks, values.fits), exploration.explore * 0.0)
    serving = Serving(chooser, view.picks, find_fixed(view, chooser))
    plans = [
        _plan_pattern(p, values, serving, exploration, holdout) for p in range(len(view.traffic))
    ]
    return PlanSet(plans[-1], dict(zip(view.patterns, plans[:-1], strict=True)))


def confirm_picks(picks: Picks, fits: Array) -> Array:
    """Half and half wherever it would serve: that ends soonest, after a few dozen requests."""
    shares = np.zeros(fits.shape)
    rows = np.flatnonzero(picks >= 0)
    shares[rows, picks[rows]] = CONFIRM_SHARE
    return shares * (fits > 0)


def find_fixed(
    view: ScopeView, chooser: OptimizationState | None
) -> list[tuple[OptimizationState, int]]:
    """What is active without following the best choice (by hand, pinned), with its column."""
    return [
        (trial.state, view.values.keys.index(value_key(trial.state.params)))
        for trial in view.trials
        if trial.state.status == "active" and trial.state is not chooser
    ]


class Serving(msgspec.Struct):
    """Who serves a scope: what follows the best choice, and what is fixed (by hand, pinned)."""

    chooser: OptimizationState | None
    picks: Picks
    fixed: list[tuple[OptimizationState, int]]  # with the column of its value

    def find_server(self, p: int, fits: Array) -> tuple[OptimizationState, int] | None:
        """The state and the column that serve pattern `p`, pinned ones first."""
        able = [(s, v) for s, v in self.fixed if s.status == "active" and fits[p, v] > 0]
        pinned = next(((s, v) for s, v in able if s.pinned), None)
        if pinned is not None:
            return pinned
        chooser, pick = self.chooser, int(self.picks[p])
        if chooser is not None and chooser.status == "active":
            return (chooser, pick) if pick != UNCHANGED else None
        return able[0] if able else None


def _plan_pattern(
    p: int, values: ScopeValues, serving: Serving, curiosity: Exploration, holdout: float
) -> TrafficPlan:
    served = serving.find_server(p, values.fits)
    shares = round_shares(curiosity.total[p] * (values.fits[p] > 0))
    if served is not None:
        shares[served[1]] = 0.0
    choices = [
        _try_value(values, v, serving.chooser if curiosity.trial[p, v] > 0 else None, float(share))
        for v, share in enumerate(shares)
        if share >= NEARLY_FLOOR
    ]
    if served is not None:
        state, v = served
        held = ALARM_HOLDOUT if state.alarm else holdout
        left = max(0.0, 1.0 - held - float(shares.sum()))
        choice = Choice(state.id, values.params[v], left, True, False, state.pinned, values.keys[v])
        choices.insert(0, choice)
    return TrafficPlan(tuple(c for c in choices if c.probability >= NEARLY_FLOOR))


def _try_value(
    values: ScopeValues, v: int, chooser: OptimizationState | None, share: float
) -> Choice:
    state = chooser or values.owners[v]
    trial = state.status == "trial"
    return Choice(state.id, values.params[v], share, False, trial, False, values.keys[v])


def round_shares(row: Array) -> Array:
    """Leaves no probability between 0 and FLOOR: the smallest give theirs to the largest."""
    total = float(row.sum())
    if total < FLOOR / 2:
        return np.zeros_like(row)
    total = max(total, FLOOR)
    order = np.argsort(-row, kind="stable")
    for kept in range(len(row), 0, -1):
        part = np.zeros_like(row)
        part[order[:kept]] = row[order[:kept]]
        part *= total / part.sum()
        if part[order[kept - 1]] >= FLOOR or kept == 1:
            return part
    return row
