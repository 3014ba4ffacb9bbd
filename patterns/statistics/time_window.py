"""A window of time in equal buckets: the time axis of every chart. Days and hours are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 24
WEEK = 7 * DAY
# name: (hours per bucket, buckets); at most 90 points per series.
RANGES = {"24h": (1, 24), "7d": (6, 28), "30d": (DAY, 30), "90d": (DAY, 90)}
WORDS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}


def hour_of(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def time_of(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)


@dataclass(frozen=True)
class Window:
    """Equal buckets of `step` hours; `start` is the first one's first hour since the epoch."""

    name: str
    start: int
    step: int
    count: int

    @classmethod
    def ending(cls, now: datetime, name: str) -> Window:
        """The range of that name whose last bucket holds `now`. Days and hours are UTC."""
        step, count = RANGES[name]
        last = hour_of(now) // step * step
        return cls(name, last - (count - 1) * step, step, count)

    @property
    def end(self) -> int:
        return self.start + self.step * self.count

    def previous(self) -> Window:
        """The window of the same length before this one that begins on the same weekday."""
        weeks = -(-self.step * self.count // WEEK)
        return Window(self.name, self.start - weeks * WEEK, self.step, self.count)

    def bucket(self, hour: int) -> int | None:
        place = (hour - self.start) // self.step
        return place if 0 <= place < self.count else None

    def coarsened(self, times: int) -> Window:
        """The newest part of it in buckets that are this many times as long."""
        count = max(1, self.count // times)
        start = self.end - count * times * self.step
        return Window(self.name, start, self.step * times, count)

    def labels(self) -> list[str]:
        """The time label of each bucket: a date for days, else an hour in UTC."""
        form = "%Y-%m-%d" if self.step % DAY == 0 else "%Y-%m-%dT%H:%M:%SZ"
        return [time_of(self.start + i * self.step).strftime(form) for i in range(self.count)]

    @property
    def words(self) -> str:
        return WORDS[self.name]

    @property
    def first_day(self) -> datetime:
        return time_of(self.start)

    @property
    def last_day(self) -> datetime:
        return time_of(self.end - 1)
