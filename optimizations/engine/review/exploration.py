"""What a scope tries next, as shares of its patterns' traffic, within a budget."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.review.exploration_budget import ExplorationBudget
from optimizations.engine.review.knapsack import Picks
from optimizations.engine.statistics.arrays import Array

# Share of a pattern's traffic that may be on trial, and that the rest explores beside a trial. At a
# third a trial takes two thirds of the time it takes at a quarter, and hardly more treated requests.
WIDEST, APART = 0.33, 0.1
BETTER_BY = 0.005  # utility that a challenger has to promise more than the pick
TRIAL_PART = (1.0, 0.5)  # of the exploration: with one value, with several
LEAST_CHANCE = 0.1  # of a gain where a pattern takes part in a trial
WORTH_IT = 0.005  # a value is explored while its hoped-for gain is this part of what it may cost


class Exploration(msgspec.Struct):
    """[pattern, value] shares of the pattern's traffic that are on trial, and that explore."""

    trial: Array
    explore: Array

    @property
    def total(self) -> Array:
        return np.asarray(self.trial + self.explore, dtype=np.float64)


def plan_exploration(
    worth: Array, loss: Array, fits: Array, traffic: Array, picks: Picks, on_trial: bool,
    budget: ExplorationBudget, turn: int,
) -> Exploration:  # fmt: skip
    """Divides the exploration among trial and challengers, within the budget.

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
        challenger = _find_challenger(worth[:, p], loss[p], fits[p], int(picks[p]), turn)
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
    return _limit_loss(Exploration(trial, wanted), loss, traffic, budget)


def _find_challenger(worth: Array, loss: Array, fits: Array, pick: int, turn: int) -> int | None:
    """The value that one draw says is better than the pick, if it is worth its price."""
    over = worth - (worth[:, [pick]] if pick >= 0 else 0.0)
    draw = np.where(fits > 0, over[turn % len(over)], -np.inf)
    best = int(draw.argmax())
    if best == pick or draw[best] <= BETTER_BY:
        return None
    hoped = float(np.maximum(0.0, over[:, best]).mean())
    return best if hoped >= WORTH_IT * loss[best] else None


def _limit_loss(
    curiosity: Exploration, loss: Array, traffic: Array, budget: ExplorationBudget
) -> Exploration:
    cost = float((traffic[:, None] * curiosity.total * loss).sum())
    if cost > budget.loss:
        curiosity.trial *= budget.loss / cost
        curiosity.explore *= budget.loss / cost
    return curiosity
