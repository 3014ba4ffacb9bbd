"""Detects that something good has become bad: bets that start again whenever they are lost.

e-CUSUM (Shin, Ramdas & Rinaldo, "E-detectors", NEJSDS 2023; arXiv 2203.03532): M ← max(M, 1)·e.
Without a change the mean time to an alarm at `bar` is at least `bar`.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.betting import BETS

SLACK = 0.025  # a fall of less than this is not looked for
DOUBT = 2.0  # standard errors of what was usual that are no fall
LEAST_LEVEL = 150  # requests before the gap is trusted
LEAST_SPREAD = 0.02  # variance of one value
CALM = 2.0  # wealth of the bets on a fall below which there was none
LAG = 100  # the gap follows this many requests behind, so that a fall does not hide itself


def even_wealth(bets: Array) -> float:
    """Mean wealth of the fixed bets, equally weighted."""
    return float(np.exp(np.minimum(bets, 700.0)).mean())


class FallDetector(msgspec.Struct):
    """Alarms when values in [0, 1] fall more than `SLACK` further below (or less above) what was to be
    expected of their pattern than until now.

    `expected` of each value is the control's usual mean in its pattern: what is served in other patterns
    than before has another mean, and has not fallen. It looks at one arm only: that is quick, but cannot
    tell a bad change from a bad day. So an alarm widens the holdout, and randomised data decides.
    """

    bets: Array
    gap_sum: float = 0.0  # of values less what was expected
    gap_n: float = 0.0
    waiting: list[float] = msgspec.field(default_factory=list)

    @classmethod
    def fresh(cls, gap: float = 0.0, weight: float = 0.0) -> FallDetector:
        return cls(np.zeros(len(BETS)), gap * weight, weight)

    @property
    def value(self) -> float:
        return even_wealth(self.bets)

    @property
    def gap(self) -> float:
        """The mean so far of values less what was expected."""
        return self.gap_sum / self.gap_n if self.gap_n else 0.0

    def update(self, y: float, expected: float, *, alarmed: bool = False) -> None:
        """One value. While an alarm is looked into (`alarmed`) the gap stays what it was before."""
        if self.gap_n >= LEAST_LEVEL:
            level = self._lowest(expected)
            gain = (level - y) / max(0.05, 1 - level)
            self.bets = np.maximum(self.bets, 0.0) + np.log1p(np.maximum(gain * BETS, -0.999))
        if alarmed:
            return
        self.waiting.append(y - expected)
        if len(self.waiting) > LAG:
            self.gap_sum += self.waiting.pop(0)
            self.gap_n += 1

    def _lowest(self, expected: float) -> float:
        """The mean that is no fall yet: two standard errors below what it was so far, and the slack."""
        usual = min(1.0, max(0.0, expected + self.gap))
        doubt = math.sqrt(max(LEAST_SPREAD, usual * (1 - usual)) / self.gap_n)
        return max(0.0, usual - DOUBT * doubt - SLACK)

    def reset(self) -> None:
        """Restarts the bets after an alarm that was cleared. Where they were lost it was chance; else the
        gap is another one from here on, and is learned anew."""
        calm = self.value < CALM
        self.bets = np.zeros(len(BETS))
        if calm:
            return
        self.gap_sum, self.gap_n, self.waiting = 0.0, 0.0, []
