"""Detects that something good has become bad: bets that start again whenever they are lost.

e-CUSUM (Shin, Ramdas & Rinaldo, "E-detectors", NEJSDS 2023; arXiv 2203.03532): M ← max(M, 1)·e.
Without a change the mean time to an alarm at `bar` is at least `bar`.
"""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.betting import BETS

SLACK = 0.025  # a fall of less than this is not looked for
LEAST_LEVEL = 150  # requests before the level is trusted
LAG = 100  # the level follows this many requests behind, so that a fall does not hide itself


def even_wealth(bets: Array) -> float:
    """Mean wealth of the fixed bets, equally weighted."""
    return float(np.exp(np.minimum(bets, 700.0)).mean())


class FallDetector(msgspec.Struct):
    """Alarms when the mean of values in [0, 1] falls more than `SLACK` below its level so far.

    It looks at one arm only: that is quick, but cannot tell a bad change from a bad day. So an
    alarm widens the holdout, and only randomised data decides what follows.
    """

    bets: Array
    level_sum: float = 0.0
    level_n: float = 0.0
    waiting: list[float] = msgspec.field(default_factory=list)

    @classmethod
    def fresh(cls, level: float = 0.0, weight: float = 0.0) -> FallDetector:
        return cls(np.zeros(len(BETS)), level * weight, weight)

    @property
    def value(self) -> float:
        return even_wealth(self.bets)

    @property
    def level(self) -> float:
        """The mean so far, 1 before there is one."""
        return self.level_sum / self.level_n if self.level_n else 1.0

    def update(self, y: float) -> None:
        if self.level_n >= LEAST_LEVEL:
            expected = self.level - SLACK
            gain = (expected - y) / max(0.05, 1 - expected)
            self.bets = np.maximum(self.bets, 0.0) + np.log1p(np.maximum(gain * BETS, -0.999))
        self.waiting.append(y)
        if len(self.waiting) > LAG:
            self.level_sum += self.waiting.pop(0)
            self.level_n += 1

    def reset(self) -> None:
        """Restarts the bets from the present level, after an alarm that was cleared."""
        self.bets = np.zeros(len(BETS))
        self.level_sum, self.level_n, self.waiting = 0.0, 0.0, []
