"""The best known value for each pattern, as long as all of them together cost little quality.

Within a scope the choice maximises utility under one condition: the expected loss of mean quality
stays within what is allowed. That is a knapsack; its price of quality (Lagrange multiplier) is
found by bisection (Everett, Operations Research 11 (1963)).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from optimizations.engine.statistics.betting import Array
from optimizations.engine.statistics.posterior import Posterior

LEAST_PRICE, MOST_PRICE = 0.25, 16.0  # quality counts 1 + price times
NOTICEABLE = 0.003  # a gain of less is not worth a change
STAYS = 0.01  # a chosen value stays while it promises at most this much less than the best
UNCHANGED = -1

Picks = npt.NDArray[np.int64]  # [pattern] column of the value, or UNCHANGED


def choose(
    post: Posterior,
    traffic: Array,
    fits: Array,
    allowed: float,
    before: Picks,
    optimism: float = 0.0,
) -> tuple[Picks, float]:
    """The pick of each pattern, and the price of quality at which it was made.

    `optimism`: what is only on trial may have as many standard deviations more than is believed.
    """
    low, high = LEAST_PRICE, MOST_PRICE
    picks = _at(post, fits, low, before, optimism)
    if _loss(post, traffic, picks) <= allowed:
        return picks, low
    for _ in range(12):
        middle = (low + high) / 2
        picks = _at(post, fits, middle, before, optimism)
        low, high = (low, middle) if _loss(post, traffic, picks) <= allowed else (middle, high)
    return _at(post, fits, high, before, optimism), high


def _at(post: Posterior, fits: Array, price: float, before: Picks, optimism: float) -> Picks:
    hoped = post.worth_mean(price) + optimism * (1 + price) * post.sd
    worth = np.where(fits > 0, hoped, -np.inf)
    rows = np.arange(len(worth))
    kept = before >= 0
    worth[rows[kept], before[kept]] += STAYS
    best = worth.argmax(axis=1)
    return np.where(worth[rows, best] > NOTICEABLE, best, UNCHANGED)


def _loss(post: Posterior, traffic: Array, picks: Picks) -> float:
    """Expected loss of mean quality over all traffic; gains in one pattern pay for another."""
    rows = np.flatnonzero(picks >= 0)
    return -float((traffic[rows] * post.mean[rows, picks[rows]]).sum())
