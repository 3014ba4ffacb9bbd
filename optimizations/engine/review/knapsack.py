"""The best known value of each pattern, as long as all of them together cost little quality.

The choice maximises the utility of a scope while its expected loss of mean quality stays within a
limit. That is a knapsack; its price of quality (Lagrange multiplier) is found by bisection
(Everett, Operations Research 11 (1963)).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.posterior import Posterior

LEAST_PRICE, MOST_PRICE = 0.25, 16.0  # quality counts 1 + price times
WORTH_A_CHANGE = 0.003  # gain of utility
STAYS = 0.01  # a chosen value stays while it promises at most this much less than the best
UNCHANGED = -1

Picks = npt.NDArray[np.int64]  # [pattern] column of the value, or UNCHANGED


def choose_values(
    post: Posterior,
    traffic: Array,
    fits: Array,
    allowed: float,
    before: Picks,
    optimism: float = 0.0,
) -> tuple[Picks, float]:
    """The pick of each pattern, and the price of quality at which it was made.

    `traffic` is [pattern] shares, `fits` [pattern, value] 1 where a value may be used, `allowed`
    the loss of mean quality (0 to 1), `before` the picks so far. `optimism` adds that many standard
    deviations to what is believed: a trial may take in what may well help.
    """
    low, high = LEAST_PRICE, MOST_PRICE
    picks = _pick_at(post, fits, low, before, optimism)
    if expected_loss(post, traffic, picks) <= allowed:
        return picks, low
    for _ in range(12):
        middle = (low + high) / 2
        picks = _pick_at(post, fits, middle, before, optimism)
        low, high = (
            (low, middle) if expected_loss(post, traffic, picks) <= allowed else (middle, high)
        )
    return _pick_at(post, fits, high, before, optimism), high


def _pick_at(post: Posterior, fits: Array, price: float, before: Picks, optimism: float) -> Picks:
    hoped = post.worth_mean(price) + optimism * (1 + price) * post.sd
    worth = np.where(fits > 0, hoped, -np.inf)
    rows = np.arange(len(worth))
    kept = before >= 0
    worth[rows[kept], before[kept]] += STAYS
    best = worth.argmax(axis=1)
    return np.where(worth[rows, best] > WORTH_A_CHANGE, best, UNCHANGED)


def expected_loss(post: Posterior, traffic: Array, picks: Picks) -> float:
    """Expected loss of mean quality over all traffic; gains in one pattern pay for another."""
    rows = np.flatnonzero(picks >= 0)
    return -float((traffic[rows] * post.mean[rows, picks[rows]]).sum())
