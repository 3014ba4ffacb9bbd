"""Anytime-valid tests of paired differences whose values may become known later.

Both answers are to one task, so a difference d lies in [-1, 1]. Each stake λ is fixed for good, so
the wealth Π(1 + λ·w·(d − θ)) does not depend on the order of the pairs, and a pair that nobody has
judged yet can count as the worst that is possible: the true wealth is never below that, so a proof
made with it holds (Ville; the mixture over stakes: Waudby-Smith & Ramdas, JRSS-B 86 (2024)).
A later verdict takes the assumption back and puts the truth in its place.
"""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.betting import GRID, INTERVAL_ALPHA, row_above, row_below

# Shares of the largest bet that cannot ruin. The best one is gap / variance: for 5 points at 50 to
# 97 % success .1 to 1.
STAKES: Array = np.array([0.06, 0.12, 0.25, 0.5, 0.9])
WEIGHTS: Array = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
LEAST_ROOM = 0.05


class PairedBets(msgspec.Struct):
    """Log wealth of the bets "mean > θ" (`up`) and "mean < θ" (`down`) for each θ of `grid`.

    Differences lie within [-reach, reach]; a pair of weight w ≤ 1 counts w times, which makes up
    for pairs that were drawn more often in some patterns than in others.
    """

    grid: Array
    up: Array
    down: Array
    reach: float = 1.0
    n: int = 0
    total: float = 0.0
    weight: float = 0.0

    @classmethod
    def over(cls, grid: Array = GRID, reach: float = 1.0) -> PairedBets:
        shape = (len(grid), len(STAKES))
        return cls(grid, np.zeros(shape), np.zeros(shape), reach)

    def add(self, low: float, high: float, weight: float = 1.0) -> None:
        """One pair whose difference lies within [low, high]; both are the same once it is known."""
        self._bet(low, high, weight, 1)
        self.n += 1
        self.total += weight * (low + high) / 2
        self.weight += weight

    def revise(
        self, before: tuple[float, float], now: tuple[float, float], weight: float = 1.0
    ) -> None:
        """A pair added with the limits `before` has other ones now."""
        self._bet(*before, weight, -1)
        self._bet(*now, weight, 1)
        self.total += weight * (sum(now) - sum(before)) / 2

    def _bet(self, low: float, high: float, weight: float, sign: int) -> None:
        self.up += sign * won(low - self.grid, self.reach + self.grid, weight)
        self.down += sign * won(self.grid - high, self.reach - self.grid, weight)

    def above(self, theta: float) -> float:
        """The e-value against "the mean is at most θ", for the θ of the grid that is not below."""
        return mix_wealth(self.up[row_above(self.grid, theta)])

    def below(self, theta: float) -> float:
        """The e-value against "the mean is at least θ", for the θ of the grid that is not above."""
        return mix_wealth(self.down[row_below(self.grid, theta)])

    @property
    def mean(self) -> float:
        return self.total / self.weight if self.weight else 0.0

    def interval(self, alpha: float = INTERVAL_ALPHA) -> tuple[float, float, float]:
        """(point, low, high); each bound holds at all times with probability at least 1 − α."""
        bar = 1 / alpha
        low = [t for t, row in zip(self.grid, self.up, strict=True) if mix_wealth(row) >= bar]
        high = [t for t, row in zip(self.grid, self.down, strict=True) if mix_wealth(row) >= bar]
        ends = float(self.grid[0]), float(self.grid[-1])
        return self.mean, float(max(low, default=ends[0])), float(min(high, default=ends[1]))


def won(gap: Array, room: Array, weight: float) -> Array:
    """log of what each stake won, [θ, stake]; `room` is the most that can be lost."""
    stakes = STAKES / np.maximum(room, LEAST_ROOM)[:, None]
    return np.asarray(np.log1p(np.maximum(stakes * (weight * gap)[:, None], -0.999)))


def mix_wealth(logs: Array) -> float:
    """The wealth of a gambler who divided the first stake by `WEIGHTS`."""
    top = float(logs.max())
    mixed = float((np.exp(logs - top) * WEIGHTS).sum())
    return float(np.exp(min(700.0, top + np.log(mixed))))
