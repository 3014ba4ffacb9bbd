"""Tests whether an error rate is below or above a bound, valid at any time."""

from __future__ import annotations

import math

import msgspec


class ErrorRate(msgspec.Struct):
    """Bets that an error rate is below (`low`) or above (`high`) a bound: likelihood ratios
    against it, as in Wald (1945), valid at any time by Ville's inequality.

    >>> ErrorRate(n=400, wrong=0).below(0.01) > 20
    True
    """

    n: int = 0
    wrong: int = 0

    def add(self, wrong: bool) -> None:
        self.n += 1
        self.wrong += wrong

    def below(self, bound: float) -> float:
        """The e-value against "the rate is `bound` or more"."""
        return self._against(bound, (bound / 20, bound / 3))

    def above(self, bound: float) -> float:
        """The e-value against "the rate is `bound` or less"."""
        return self._against(bound, (min(0.9, 3 * bound), min(0.95, 10 * bound)))

    def _against(self, bound: float, rates: tuple[float, ...]) -> float:
        right = self.n - self.wrong
        total = 0.0
        for q in rates:
            log = self.wrong * math.log(q / bound) + right * math.log((1 - q) / (1 - bound))
            total += math.exp(min(500.0, log))
        return total / len(rates)
