"""Unbiased scores of an effect, one a randomised request."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.statistics.arrays import Array

LEAST_VARIANCE = 0.01  # of the squared width of the bounds


class Score(msgspec.Struct, frozen=True):
    """An unbiased score of the effect in one randomised request.

    Its bounds, its `centre` and its `variance` are what was expected beforehand. `control` is the
    expected mean without the change, `weight` 1/propensity, `rest` the control's part of the variance
    and `bounds` those of what was measured.
    """

    value: float
    low: float
    high: float
    centre: float
    variance: float
    control: float
    weight: float
    rest: float
    bounds: tuple[float, float]

    def variance_at(self, effects: Array) -> Array:
        """The variance if the effect were each of `effects`: of a share that is what a bet against
        it has to reckon with, or rare failures are staked on too highly."""
        lo, hi = self.bounds
        mean = np.clip(self.control + effects, lo, hi)
        least = LEAST_VARIANCE * (hi - lo) ** 2
        return np.asarray(np.maximum(least, (mean - lo) * (hi - mean)) * self.weight + self.rest)


def aipw(
    treated: bool,
    y: float,
    propensity: float,
    means: tuple[float, float],
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Score:
    """Augmented inverse propensity weighting with past-only means.

    `means` = (control, treatment) as predicted before y was seen, `propensity` the chance of
    treatment among the two, `bounds` of y. The mean of the score is the effect, whatever the
    means are; good means only make it steadier. Robins, Rotnitzky & Zhao, JASA 89 (1994);
    sequential use: Howard et al., Annals of Statistics 49 (2021).
    """
    m0, m1 = means
    lo, hi = bounds
    miss = (y - m1) / propensity if treated else (m0 - y) / (1 - propensity)
    value = m1 - m0 + miss
    low = m1 - m0 + min((lo - m1) / propensity, -(hi - m0) / (1 - propensity))
    high = m1 - m0 + max((hi - m1) / propensity, -(lo - m0) / (1 - propensity))
    least = LEAST_VARIANCE * (hi - lo) ** 2
    v0, v1 = (max(least, (m - lo) * (hi - m)) for m in means)
    rest = v0 / (1 - propensity)
    variance = v1 / propensity + rest
    return Score(value, low, high, m1 - m0, variance, m0, 1 / propensity, rest, bounds)
