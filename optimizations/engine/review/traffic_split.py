"""From what is believed to what is done: shares of traffic under the budgets."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.assignment import FLOOR
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.params import Params
from optimizations.engine.review.champion import UNCHANGED, Picks
from optimizations.engine.serving.traffic_plan import Choice, PlanSet, TrafficPlan
from optimizations.engine.statistics.betting import Array

# Share of a pattern's traffic that may be on trial, and that the rest explores beside a trial. At a
# third a trial takes two thirds of the time it takes at a quarter, and hardly more treated requests.
WIDEST, APART = 0.33, 0.1
NOTICEABLE = 0.005  # a challenger has to promise at least this much more
TRIAL_PART = (1.0, 0.5)  # of the exploration: with one value, with several
LEAST_CHANCE = 0.1  # of a gain where a pattern takes part in a trial
WORTH_IT = 0.005  # a value is explored while its hoped-for gain is this part of what it may cost
ALARM_HOLDOUT = 0.5


class ExplorationBudget(msgspec.Struct, frozen=True):
    """`share` of this scope's traffic may explore, losing at most `loss` of mean quality."""

    share: float
    loss: float


class ScopeValues(msgspec.Struct):
    """The values of a scope in the order of the posterior's columns, and who explores them."""

    keys: list[str]
    params: list[Params]
    owners: list[OptimizationState]
    fits: Array  # [pattern, value] 1 where the value may be used


class Exploration(msgspec.Struct):
    """[pattern, value] what is to be tried, as shares of the pattern's traffic."""

    trial: Array
    explore: Array

    @property
    def total(self) -> Array:
        return np.asarray(self.trial + self.explore, dtype=np.float64)


def explore(
    worth: Array, loss: Array, fits: Array, traffic: Array, picks: Picks, on_trial: bool,
    budget: ExplorationBudget, turn: int,
) -> Exploration:  # fmt: skip
    """How the exploration is divided, within the budget.

    `worth` are draws of [draw, pattern, value]. What is picked has one part, so that its proof
    comes soon (top-two sampling: Russo, Operations Research 68 (2020)); the other part goes, in
    each pattern, to the value that one draw says is better than the pick.
    """
    trial, wanted = np.zeros(fits.shape), np.zeros(fits.shape)
    rows = np.flatnonzero(picks >= 0)
    if on_trial:
        chance = (worth[:, rows, picks[rows]] > 0).mean(axis=0)
        rows_tried = rows[chance >= LEAST_CHANCE]
        trial[rows_tried, picks[rows_tried]] = 1.0
    for p in range(len(fits)):
        challenger = _challenger(worth[:, p], loss[p], fits[p], int(picks[p]), turn)
        if challenger is not None:
            wanted[p, challenger] = 1.0
    share, wide = budget.share, max(WIDEST, budget.share)
    covered, curious = float(traffic @ trial.sum(1)), float(traffic @ wanted.sum(1))
    part = TRIAL_PART[fits.shape[1] > 1] if curious > 0 else 1.0
    if covered > 0:
        trial *= min(wide, share * part / covered)
        share -= float(traffic @ trial.sum(1))
    if curious > 0:
        widest = APART if covered > 0 else wide
        wanted *= min(widest, max(0.0, share) / max(curious, 0.1))
    return _afford(Exploration(trial, wanted), loss, traffic, budget)


def _challenger(worth: Array, loss: Array, fits: Array, pick: int, turn: int) -> int | None:
    """The value that one draw says is better than the pick, if it is worth its price."""
    over = worth - (worth[:, [pick]] if pick >= 0 else 0.0)
    draw = np.where(fits > 0, over[turn % len(over)], -np.inf)
    best = int(draw.argmax())
    if best == pick or draw[best] <= NOTICEABLE:
        return None
    hoped = float(np.maximum(0.0, over[:, best]).mean())
    return best if hoped >= WORTH_IT * loss[best] else None


def _afford(
    curiosity: Exploration, loss: Array, traffic: Array, budget: ExplorationBudget
) -> Exploration:
    cost = float((traffic[:, None] * curiosity.total * loss).sum())
    if cost > budget.loss:
        curiosity.trial *= budget.loss / cost
        curiosity.explore *= budget.loss / cost
    return curiosity


def rounded(row: Array) -> Array:
    """No probability between 0 and FLOOR: the smallest give theirs to the largest."""
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


class Serving(msgspec.Struct):
    """Who serves a scope: what follows the best choice, and what is fixed (by hand, pinned)."""

    chooser: OptimizationState | None
    picks: Picks
    fixed: list[tuple[OptimizationState, int]]  # with the column of its value

    def served(self, p: int, fits: Array) -> tuple[OptimizationState, int] | None:
        """The state and the column that serve pattern `p`, pinned ones first."""
        able = [(s, v) for s, v in self.fixed if s.status == "active" and fits[p, v] > 0]
        pinned = next(((s, v) for s, v in able if s.pinned), None)
        if pinned is not None:
            return pinned
        chooser, pick = self.chooser, int(self.picks[p])
        if chooser is not None and chooser.status == "active":
            return (chooser, pick) if pick != UNCHANGED else None
        return able[0] if able else None


def plan_set(
    values: ScopeValues,
    patterns: list[str],
    serving: Serving,
    curiosity: Exploration,
    holdout: float,
) -> PlanSet:
    plans = [_plan(p, values, serving, curiosity, holdout) for p in range(len(curiosity.trial))]
    return PlanSet(plans[-1], dict(zip(patterns, plans[:-1], strict=True)))


def _plan(
    p: int, values: ScopeValues, serving: Serving, curiosity: Exploration, holdout: float
) -> TrafficPlan:
    served = serving.served(p, values.fits)
    shares = rounded(curiosity.total[p] * (values.fits[p] > 0))
    if served is not None:
        shares[served[1]] = 0.0
    choices = [
        _trying(values, v, serving.chooser if curiosity.trial[p, v] > 0 else None, float(share))
        for v, share in enumerate(shares)
        if share >= FLOOR * 0.999
    ]
    if served is not None:
        state, v = served
        held = ALARM_HOLDOUT if state.alarm else holdout
        left = max(0.0, 1.0 - held - float(shares.sum()))
        choice = Choice(state.id, values.params[v], left, True, False, state.pinned, values.keys[v])
        choices.insert(0, choice)
    return TrafficPlan(tuple(c for c in choices if c.probability >= FLOOR * 0.999))


def _trying(values: ScopeValues, v: int, chooser: OptimizationState | None, share: float) -> Choice:
    state = chooser or values.owners[v]
    trial = state.status == "trial"
    return Choice(state.id, values.params[v], share, False, trial, False, values.keys[v])
