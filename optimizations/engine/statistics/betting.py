"""Anytime-valid tests: bets against a hypothesis, and the wealth they won.

Each score x_t has a conditional mean; a gambler who bets on "mean > θ" multiplies their wealth by
1 + λ_t (x_t − θ), where λ_t was fixed before x_t was seen. If the mean is at most θ the expected
wealth never grows, so it reaches 1/α with probability at most α, whenever one looks (Ville).
A mixture over bet sizes needs no tuning, and the values of θ that are not refuted form an interval
valid at all times: Waudby-Smith & Ramdas, "Estimating means of bounded random variables by
betting", JRSS-B 86 (2024). A bet is g / (variance + g²) for a gap g between the mean and θ (Kelly);
the variance that each score would have if θ were true is known before it, so scores that say more
stake more.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.effect_scores import Score

_HALF = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4)
GRID: Array = np.array([-1.0, -0.6, *(-t for t in reversed(_HALF)), 0.0, *_HALF, 0.6, 1.0])
BETS: Array = np.array([0.05, 0.15, 0.4, 0.8])  # shares of the largest safe bet
# Each bet is the best one if the mean lies this far beyond θ; the last stake follows what is believed
# of this very score, else the data.
GAPS: Array = np.array([0.02, 0.04, 0.08, 0.2])
WEIGHTS: Array = np.array([0.1, 0.2, 0.3, 0.1, 0.3])
# Against "falls by 5 pp" what is hoped for is known: no fall, or a small one. That is staked on.
GUARD_WEIGHTS: Array = np.array([0.05, 0.65, 0.1, 0.0, 0.2])
# After an alarm a large harm is feared, and each request until it is proven costs quality.
HARM_WEIGHTS: Array = np.array([0.0, 0.1, 0.4, 0.4, 0.1])
SAFE = 0.8  # of the largest bet that cannot ruin
TRUST = 10.0  # scores' worth of caution in the bet that follows the data
# Scores' worth of trust in the expected variance. With rare failures a run without any looks steadier
# than it is: at 5 the stakes were a third too large, and a tenth of the trials ended without proof.
FIRST = 50.0
INTERVAL_ALPHA = 0.05
FORESEEABLE = 100_000_000  # scores: what takes more has no end in sight
NEVER_HARMS = 0.5  # effectiveness at which harm is ruled out


class BoundedMean(msgspec.Struct):
    """Wealth of the bets `mean > θ` (`up`) and `mean < θ` (`down`), for each θ of `grid`.

    Memory: 2 · len(grid) · len(WEIGHTS) floats. The scores may have another bound each time, as long as
    the bound was known before the score.
    """

    grid: Array
    up: Array
    down: Array
    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    residual: float = 0.0  # squared distances from the expected mean, and their expectation
    expected: float = 0.0

    @classmethod
    def over(cls, grid: Array = GRID) -> BoundedMean:
        shape = (len(grid), len(WEIGHTS))
        return cls(grid, np.zeros(shape), np.zeros(shape))

    def update(self, score: Score, believed: float | None = None) -> None:
        """Bets on one score; its bounds, its expected variance and what is `believed` of its mean
        were known beforehand."""
        x, low, high = score.value, score.low, score.high
        gap = x - self.grid
        room_up = np.maximum(self.grid - low, 1e-3)
        room_down = np.maximum(high - self.grid, 1e-3)
        first = FIRST * score.variance
        variance = score.variance_at(self.grid) * (self.residual + first) / (self.expected + first)
        stakes = GAPS / (variance[:, None] + GAPS**2)
        lean = self._lean((high - low) / 4) if believed is None else self._kelly(believed, variance)
        self.up += _won(gap, stakes, room_up, lean)
        self.down += _won(-gap, stakes, room_down, -lean)
        self.n += 1
        self.total += x
        self.squares += x * x
        self.residual += (x - score.centre) ** 2
        self.expected += score.variance

    def above(self, theta: float, weights: Array = WEIGHTS) -> float:
        """The e-value against "mean ≤ θ", for the next θ of the grid; `weights` fixed beforehand."""
        return wealth(self.up[row_above(self.grid, theta)], weights)

    def below(self, theta: float, weights: Array = WEIGHTS) -> float:
        """The e-value against "mean ≥ θ", for the last θ of the grid; `weights` fixed beforehand."""
        return wealth(self.down[row_below(self.grid, theta)], weights)

    def interval(self, alpha: float = INTERVAL_ALPHA) -> tuple[float, float, float]:
        """(point, low, high): each bound holds at all times with probability ≥ 1 − α.

        So the lower bound passes 0 exactly when the e-value of "helps" passes 1/α = 20.
        """
        bar = np.log(1 / alpha)
        refuted_up = log_wealth(self.up) >= bar
        refuted_down = log_wealth(self.down) >= bar
        low = self.grid[refuted_up].max() if refuted_up.any() else self.grid[0]
        high = self.grid[refuted_down].min() if refuted_down.any() else self.grid[-1]
        return self.mean, float(low), float(high)

    def _kelly(self, believed: float, variance: Array) -> Array:
        """The bet for each θ if the mean of this score is what is believed: none where that is θ."""
        distance = believed - self.grid
        return np.asarray(distance / (variance + distance**2))

    def _lean(self, spread: float) -> Array:
        """The bet that the scores so far suggest for each θ: (mean − θ) / (variance + …²)."""
        n = self.n + TRUST
        mean = self.total / n
        spared = max(0.0, self.squares - self.n * self.mean**2)
        distance = mean - self.grid
        return np.asarray(distance / ((spared + TRUST * spread**2) / n + distance**2))

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        return max(0.0, self.squares / self.n - self.mean**2) if self.n > 1 else 1.0


def row_above(grid: Array, theta: float) -> int:
    """The least θ of the grid that is not below: what is refuted there is refuted at `theta`."""
    return min(len(grid) - 1, int(np.searchsorted(grid, theta - 1e-9)))


def row_below(grid: Array, theta: float) -> int:
    """The largest θ of the grid that is not above."""
    return max(0, int(np.searchsorted(grid, theta + 1e-9)) - 1)


def _won(gap: Array, stakes: Array, room: Array, lean: Array) -> Array:
    """log of what each bet won, [θ, bet]: none may lose more than SAFE of its wealth."""
    most = SAFE / room
    bets = np.minimum(stakes, most[:, None])
    followed = np.clip(lean, 0.0, most)
    factors = gap[:, None] * np.column_stack([bets, followed])
    return np.asarray(np.log1p(np.maximum(factors, -0.999)), dtype=np.float64)


def log_wealth(bets: Array, weights: Array = WEIGHTS) -> Array:
    """log of the mean wealth over the bet sizes; the last axis is the bets."""
    top = bets.max(axis=-1)
    means = (np.exp(bets - top[..., None]) * weights).sum(axis=-1)
    return np.asarray(top + np.log(means), dtype=np.float64)


def wealth(bets: Array, weights: Array = WEIGHTS) -> float:
    """Mean wealth of one row of bets."""
    return float(np.exp(min(700.0, float(log_wealth(bets, weights)))))


def e_bh(e_values: Sequence[float], rate: float) -> set[int]:
    """Which hypotheses to reject so that the false discovery rate stays ≤ `rate`.

    Valid under any dependence: Wang & Ramdas, "False discovery rate control with e-values",
    JRSS-B 84 (2022). Returns positions.
    """
    order = sorted(range(len(e_values)), key=lambda k: (-e_values[k], k))
    kept = 0
    for k, position in enumerate(order, 1):
        if k * e_values[position] >= len(e_values) / rate:
            kept = k
    return set(order[:kept])


def effectiveness(lower_bound: float, target: float) -> float:
    """clip(0.5 + 0.5·LB/target, 0, 1): at least 0.5 exactly when harm is ruled out.

    >>> effectiveness(0.0, 0.5), effectiveness(0.25, 0.5), effectiveness(-1.0, 0.5)
    (0.5, 0.75, 0.0)
    """
    return min(1.0, max(0.0, NEVER_HARMS + 0.5 * lower_bound / target))


def requests_needed(effect: float, variance: float, log_bar: float) -> int | None:
    """About how many more scores until the wealth reaches exp(log_bar); None: no end in sight.

    A well-chosen bet grows by effect²/(2·variance) a score. Equal costs can differ by a rounding error,
    which is an effect that would take more scores than an integer of 64 bits holds.
    """
    if effect <= 0:
        return None
    needed = 2 * variance * max(0.0, log_bar) / max(effect**2, 1e-300)
    return int(np.ceil(needed)) if needed <= FORESEEABLE else None
