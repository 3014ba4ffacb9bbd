"""An interval that holds the next value with a given probability, whatever the values are.

Between quantiles of the last values lies the next of an exchangeable sequence (Vovk et al. 2005).
Values drift, so the quantiles follow how often the interval held: after a miss it grows, after a hit
it shrinks by a little (Gibbs & Candès, "Adaptive conformal inference under distribution shift",
NeurIPS 2021). In the long run it holds as often as it should for every sequence, not only for
exchangeable ones. Each end is adapted for itself, since costs and times have one long tail.
"""

from __future__ import annotations

import bisect
import math
from collections import deque
from collections.abc import Iterable

LEVEL = 0.9
KEPT = 300  # last values
ENOUGH = 20  # with 19 no value lies outside of 90 %
STEP = 0.01  # of the share outside, after a miss; so much × `tail` after a hit


class AdaptiveInterval:
    """>>> interval = AdaptiveInterval(values=range(100))
    >>> interval.forecast()
    (4.0, 95.0)
    """

    def __init__(self, level: float = LEVEL, values: Iterable[float] = ()) -> None:
        self.tail = (1 - level) / 2  # the share that may lie below, and above
        self._below = self._above = self.tail
        self._last: deque[float] = deque()
        self._ordered: list[float] = []
        for value in values:
            self._keep(float(value))

    def forecast(self) -> tuple[float, float] | None:
        """Lower and upper end; None before there are ENOUGH values."""
        count = len(self._ordered)
        if count < ENOUGH:
            return None
        low = math.floor((count + 1) * self._below) - 1
        high = math.ceil((count + 1) * (1 - self._above)) - 1
        return self._ordered[max(0, low)], self._ordered[min(count - 1, high)]

    def learn(self, value: float) -> None:
        """Note the value that came, and how the forecast of it did. No number is no value."""
        if not math.isfinite(value):
            return
        forecast = self.forecast()
        if forecast is not None:
            self._below = self._adapt(self._below, value < forecast[0])
            self._above = self._adapt(self._above, value > forecast[1])
        self._keep(float(value))

    def _adapt(self, share: float, missed: bool) -> float:
        return min(0.5, max(0.0, share + STEP * (self.tail - missed)))

    def _keep(self, value: float) -> None:
        if not math.isfinite(value):
            return
        self._last.append(value)
        bisect.insort(self._ordered, value)
        if len(self._last) > KEPT:
            del self._ordered[bisect.bisect_left(self._ordered, self._last.popleft())]
