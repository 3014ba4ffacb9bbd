"""From what is believed to what is done: shares of traffic under the budgets."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from optimizations.engine.allocation import FLOOR, Posterior, shares_of_best
from optimizations.engine.evidence import Array
from optimizations.engine.optimization import OptimizationState
from optimizations.engine.plans import Choice, Plan, PlanSet

WIDEST = 0.4  # share of a pattern's traffic that may be on trial
NOTICEABLE = 0.005  # a challenger has to promise at least this much more
DOUBT = 0.25  # an active change is left out of a pattern in which it helps with less chance
ALARM_HOLDOUT = 0.5


class Budget(msgspec.Struct, frozen=True):
    """`share` of this scope's traffic may explore, losing at most `loss` of mean quality."""

    share: float
    loss: float


class Arms(msgspec.Struct):
    """The live optimizations of a scope, in the order of the posterior's columns."""

    states: list[OptimizationState]
    fits: Array  # [pattern, arm] 1 where the pattern belongs to the optimization's group

    @property
    def proven(self) -> npt.NDArray[np.bool_]:
        return np.array([s.status == "active" for s in self.states], dtype=bool)


class Weights(msgspec.Struct):
    """[pattern, arm] how traffic is divided: `active` sums to ≤ 1, `curious` is relative."""

    active: Array
    curious: Array


def weigh(arms: Arms, post: Posterior) -> Weights:
    """For each pattern: who serves among the proven, and who deserves a trial."""
    patterns, count = arms.fits.shape
    active, curious = np.zeros((patterns, count)), np.zeros((patterns, count))
    likely = (post.value > 0).mean(axis=0)
    for p in range(patterns):
        fits = arms.fits[p] > 0
        served = np.flatnonzero(fits & arms.proven & (likely[p] >= DOUBT))
        tried = np.flatnonzero(fits & np.logical_not(arms.proven))
        best = 0.0
        if len(served):
            active[p, served] = _settle(shares_of_best(post.value[:, p, served], -9.0))
            best = max(0.0, float(post.value_mean[p, served].max()))
        if len(tried):
            curious[p, tried] = shares_of_best(post.value[:, p, tried], best + NOTICEABLE)
    return Weights(active, curious)


def _settle(share: Array) -> Array:
    """Drops what is nearly never the best; the rest sums to 1."""
    kept = np.where(share >= 0.05, share, 0.0)
    if kept.sum() == 0:
        kept = (share == share.max()).astype(float)
    return np.asarray(kept / kept.sum(), dtype=np.float64)


def exploration(weights: Weights, post: Posterior, traffic: Array, budget: Budget) -> Array:
    """[pattern, arm] probabilities of the arms on trial, within the budget."""
    interest = weights.curious.sum(axis=1)
    total = float((traffic * interest).sum())
    if total <= 0 or budget.share <= 0:
        return np.zeros_like(weights.curious)
    scale = budget.share / max(total, 0.2)  # little interest anywhere: little exploration
    wanted = np.minimum(WIDEST, scale * interest)
    shares = weights.curious / np.maximum(interest, 1e-9)[:, None] * wanted[:, None]
    shares = np.stack([_round(row) for row in shares])
    loss = float((traffic[:, None] * shares * np.maximum(0.0, -post.mean)).sum())
    if loss > budget.loss:
        shares = np.stack([_round(row) for row in shares * (budget.loss / loss)])
    return shares


def _round(row: Array) -> Array:
    """No probability between 0 and FLOOR: the smallest give theirs to the largest."""
    row = row.copy()
    total = float(row.sum())
    if total < FLOOR / 2:
        return np.zeros_like(row)
    order = np.argsort(-row, kind="stable")
    most = max(1, int(total / FLOOR))
    row[order[most:]] = 0.0
    row[(row > 0) & (row < FLOOR)] = FLOOR
    return np.asarray(row * max(total, FLOOR) / row.sum(), dtype=np.float64)


def plan_set(
    arms: Arms, patterns: list[str], weights: Weights, explore: Array, holdout: float
) -> PlanSet:
    plans = [
        _plan(arms.states, weights.active[p], explore[p], holdout) for p in range(len(explore))
    ]
    by_pattern = dict(zip(patterns, plans[:-1], strict=True))
    return PlanSet(plans[-1], by_pattern)


def _plan(states: list[OptimizationState], active: Array, explore: Array, holdout: float) -> Plan:
    if any(s.alarm for s, a in zip(states, active, strict=True) if a > 0):
        holdout = ALARM_HOLDOUT
    left = max(0.0, 1.0 - holdout - float(explore.sum()))
    choices = []
    for state, share, curious in zip(states, active, explore, strict=True):
        probability = float(share * left) if share > 0 else float(curious)
        if probability >= FLOOR * 0.999:
            proven = state.status == "active"
            choices.append(Choice(state.id, state.params, probability, proven, state.pinned))
    return Plan(tuple(choices))
