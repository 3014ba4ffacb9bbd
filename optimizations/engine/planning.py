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
CHAMPION_PART = 0.7  # of the exploration; the rest looks for the next one
KEEPS_AT = 0.5  # a champion stays while it promises this part of the best promise
LEAST_HOPE, HOPEFUL = 0.02, 0.1  # chance of gain: anywhere at all, in one pattern
FOCUS = 0.5  # of the best chance: a trial stays away from patterns that promise less
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
    """[pattern, arm] how traffic is divided: `active` sums to ≤ 1, `curious` is one
    Thompson draw: 1 for the arm that promises most in it, when that is more than is proven.

    `gain` is how much an arm that is not proven promises beyond what is, `hope` the chance.
    """

    active: Array
    curious: Array
    gain: Array
    hope: Array


def weigh(arms: Arms, post: Posterior) -> Weights:
    """For each pattern: who serves among the proven, and who deserves a trial."""
    patterns, count = arms.fits.shape
    active, curious, gain, hope = (np.zeros((patterns, count)) for _ in range(4))
    likely = (post.value > 0).mean(axis=0)
    likely[:, [s.alarm for s in arms.states]] = 1.0  # half is served until it is decided
    for p in range(patterns):
        fits = arms.fits[p] > 0
        served = np.flatnonzero(fits & arms.proven & (likely[p] >= DOUBT))
        if any(arms.states[j].pinned for j in np.flatnonzero(fits)):  # a person's word
            served = np.flatnonzero(fits & np.array([s.pinned for s in arms.states]))
        tried = np.flatnonzero(fits & np.logical_not(arms.proven))
        best = 0.0
        if len(served):
            active[p, served] = _settle(shares_of_best(post.value[:, p, served], -9.0))
            best = max(0.0, float(post.value_mean[p, served].max()))
        if len(tried):
            over = post.value[:, p, tried] - best
            draw = over[p % len(over)]
            if draw.max() > NOTICEABLE:
                curious[p, tried[int(draw.argmax())]] = 1.0
            gain[p, tried] = np.maximum(0.0, over).mean(0)
            hope[p, tried] = (over > NOTICEABLE).mean(0)
    return Weights(active, curious, gain, hope)


def champion(arms: Arms, weights: Weights, traffic: Array) -> int | None:
    """The one change that most of the exploration goes to, so that its proof comes soon.

    The present one keeps its place until another promises clearly more.
    """
    gains = (traffic[:, None] * weights.gain).sum(0)
    hopes = (traffic[:, None] * weights.hope).sum(0)
    gains = np.where((hopes >= LEAST_HOPE) & np.logical_not(arms.proven), gains, 0.0)
    if not len(gains) or gains.max() <= 0:
        return None
    for j, state in enumerate(arms.states):
        if state.champion and gains[j] >= KEEPS_AT * gains.max():
            return j
    return int(gains.argmax())


def _settle(share: Array) -> Array:
    """Drops what is nearly never the best; the rest sums to 1."""
    kept = np.where(share >= 0.05, share, 0.0)
    if kept.sum() == 0:
        kept = (share == share.max()).astype(float)
    return np.asarray(kept / kept.sum(), dtype=np.float64)


def exploration(
    weights: Weights, post: Posterior, traffic: Array, budget: Budget, first: int | None
) -> Array:
    """[pattern, arm] probabilities of the arms on trial, within the budget."""
    shares = np.zeros_like(weights.curious)
    share = budget.share
    if first is not None:
        hope = weights.hope[:, first]
        hopeful = hope >= max(HOPEFUL, FOCUS * float(hope.max()))
        covered = float(traffic[hopeful].sum())
        if covered > 0:
            part = share * (CHAMPION_PART if weights.curious.any() else 1.0)
            shares[hopeful, first] = min(WIDEST, part / max(covered, 0.05))
            share -= part
    covered = float(traffic[weights.curious.any(axis=1)].sum())
    if covered > 0 and share > 0:
        shares += min(WIDEST, share / max(covered, 0.2)) * weights.curious
    loss = float((traffic[:, None] * shares * post.loss).sum())
    if loss > budget.loss:
        shares *= budget.loss / loss
    return np.stack([_round(row) for row in shares])


def _round(row: Array) -> Array:
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
            trial = state.status == "trial"
            choice = Choice(state.id, state.params, probability, proven, trial, state.pinned)
            choices.append(choice)
    return Plan(tuple(choices))
