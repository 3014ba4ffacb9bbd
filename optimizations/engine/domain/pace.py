"""How many requests a day come, by those of about the last week."""

from __future__ import annotations

import math

import msgspec

DAY, WEEK = 86_400.0, 7 * 86_400.0
KNOWN_AFTER = (10.0, 3600.0)  # requests, and seconds


class TrafficPace(msgspec.Struct, array_like=True):
    """A count that fades by a factor e in a week. Times are seconds since the epoch.

    >>> pace = TrafficPace()
    >>> for hour in range(1, 241):
    ...     pace.note(hour * 3600.0)
    >>> round(pace.per_day(240 * 3600.0))
    24
    """

    began: float = 0.0
    last: float = 0.0
    weight: float = 0.0

    def note(self, at: float) -> None:
        if not self.weight:
            self.began = self.last = at
        self.weight = self.weight * math.exp(-max(0.0, at - self.last) / WEEK) + 1
        self.last = max(self.last, at)

    def per_day(self, now: float) -> float | None:
        """None while it is too early to say."""
        age = now - self.began
        if self.weight < KNOWN_AFTER[0] or age < KNOWN_AFTER[1]:
            return None
        left = self.weight * math.exp(-max(0.0, now - self.last) / WEEK)
        return left * DAY / (WEEK * -math.expm1(-age / WEEK))
