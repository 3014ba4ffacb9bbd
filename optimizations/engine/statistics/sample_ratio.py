"""Tests whether outcomes arrive in the ratio in which they were assigned, valid at any time.

A gambler predicts the arm of each outcome from those before, where the experiment says which chance it
had; the wealth is the product of both chances' ratio. With one chance for all it is the test of Lindon
& Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022): a Dirichlet prior around
what was planned, of the weight of CONCENTRATION outcomes.
"""

from __future__ import annotations

import math

import msgspec

CONCENTRATION = 30.0  # half of an arm lost at 10 % is found after 600 requests, with 100 after 650
# Three of these tests watch one optimization, together with 2 false alarms in 1,000. Half of it goes to the
# outcomes that came: there a loss takes longest to show, and 1,000 instead of 2,000 is a tenth sooner.
ALARM, ARRIVED_ALARM = 2000.0, 1000.0


class SampleRatio(msgspec.Struct):
    """Counts of both arms and their expectation; `log_wealth` against "the ratio is as assigned"."""

    treated: int = 0
    control: int = 0
    expected: float = 0.0  # of the treated ones
    log_wealth: float = 0.0
    top: float = 0.0  # the highest so far: an alarm does not go away by itself

    def add(self, treated: bool, chance: float) -> None:
        """One outcome; `chance` is the probability with which its request was assigned to treatment."""
        predicted = self._predict(chance)
        ratio = predicted / chance if treated else (1 - predicted) / (1 - chance)
        self.log_wealth += math.log(ratio)
        self.top = max(self.top, self.log_wealth)
        self.treated += treated
        self.control += not treated
        self.expected += chance

    def _predict(self, chance: float) -> float:
        n = self.treated + self.control
        usual = self.expected / n if n else chance
        first, second = CONCENTRATION * usual, CONCENTRATION * (1 - usual)
        more = (first + self.treated) / (first + self.expected)
        less = (second + self.control) / (second + n - self.expected)
        odds = chance * more / (chance * more + (1 - chance) * less)
        return min(0.999, max(0.001, odds))

    @property
    def highest(self) -> float:
        """The highest e-value so far."""
        return math.exp(min(700.0, self.top))

    def is_off(self, alarm: float = ALARM) -> bool:
        return self.top >= math.log(alarm)
