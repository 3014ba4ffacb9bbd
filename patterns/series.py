"""Rollups as plain series over a window of time: what figures, charts and their tables share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import sqrt
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Sum
from fastdigest import TDigest

from patterns.models import PatternHour, ProjectHour
from patterns.rollups import ALL_PATTERNS, ALL_TIME, merged, quantile

DAY = 24
# name: (hours a bucket, buckets); at most 90 points a series.
RANGES = {"24h": (1, 24), "7d": (6, 28), "30d": (DAY, 30), "90d": (DAY, 90)}
WORDS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
# 95 % of a normal distribution lie within 1.96 standard deviations.
Z95 = 1.959964


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
        """The window of the same length just before."""
        return Window(self.name, self.start - self.step * self.count, self.step, self.count)

    def bucket(self, hour: int) -> int | None:
        place = (hour - self.start) // self.step
        return place if 0 <= place < self.count else None

    def labels(self) -> list[str]:
        """One point on the time axis a bucket: a date for days, else an hour in UTC."""
        form = "%Y-%m-%d" if self.step == DAY else "%Y-%m-%dT%H:%M:%SZ"
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


SUMS = (
    "count",
    "successes",
    "judged",
    "quality_sum",
    "quality_count",
    "input_tokens",
    "output_tokens",
    "tokens_sum",
    "tokens_count",
    "cost_sum",
    "cost_count",
)


@dataclass
class Sums:
    """Added-up rollups. Every mean and quantile is None when nothing told."""

    count: float = 0
    successes: float = 0
    judged: float = 0
    quality_sum: float = 0
    quality_count: float = 0
    input_tokens: float = 0
    output_tokens: float = 0
    tokens_sum: float = 0
    tokens_count: float = 0
    cost_sum: float = 0
    cost_count: float = 0
    sketches: list[bytes] = field(default_factory=list)
    _digest: TDigest | None = None

    def add(self, values: Sequence[float], sketch: bytes) -> None:
        """Values in the order of SUMS. Written out: a page adds up thousands of rows."""
        self.count += values[0]
        self.successes += values[1]
        self.judged += values[2]
        self.quality_sum += values[3]
        self.quality_count += values[4]
        self.input_tokens += values[5]
        self.output_tokens += values[6]
        self.tokens_sum += values[7]
        self.tokens_count += values[8]
        self.cost_sum += values[9]
        self.cost_count += values[10]
        if sketch:
            self.sketches.append(sketch)

    @property
    def quality(self) -> float | None:
        return self.quality_sum / self.quality_count if self.quality_count else None

    @property
    def success(self) -> float | None:
        return self.successes / self.judged if self.judged else None

    @property
    def tokens(self) -> float | None:
        return self.tokens_sum / self.tokens_count if self.tokens_count else None

    def mean(self, name: str) -> float | None:
        """Prompt ("input_tokens") or completion tokens an interaction that told its tokens."""
        total = float(getattr(self, name))
        return total / self.tokens_count if self.tokens_count and total else None

    @property
    def cost(self) -> float | None:
        return self.cost_sum / self.cost_count if self.cost_count else None

    @property
    def p50(self) -> float | None:
        return self.duration(0.5)

    @property
    def p95(self) -> float | None:
        return self.duration(0.95)

    def duration(self, share: float) -> float | None:
        """A quantile of the durations in ms, from the merged sketches."""
        if self._digest is None:
            self._digest = merged(self.sketches)
        return quantile(self._digest, share)


def wilson(mean: float | None, n: float) -> tuple[float, float] | None:
    """The 95 % interval of a mean of n values in 0..1 (Wilson 1927).

    Exact in form for 0/1 values; for scores it is wider than needed, because no variable in 0..1
    varies more than a coin of the same mean.
    """
    if mean is None or n <= 0:
        return None
    z2 = Z95 * Z95
    centre = (mean + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(mean * (1 - mean) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Series:
    """One Sums a bucket of the window, and all of them together."""

    window: Window
    buckets: list[Sums]
    total: Sums

    def values(self, name: str) -> list[Any]:
        return [getattr(bucket, name) for bucket in self.buckets]

    def durations(self, share: float) -> list[float | None]:
        return [bucket.duration(share) for bucket in self.buckets]


Hours = list[tuple[Any, ...]]


def read(project_id: UUID, first: int, end: int, pattern_ids: Iterable[UUID] = ()) -> Hours:
    """The rollup rows of these hours and of all time: of the patterns, or of the whole project."""
    ids = list(pattern_ids) or [ALL_PATTERNS]
    hours = Q(hour__gte=first, hour__lt=end) | Q(hour=ALL_TIME)
    rows = PatternHour.objects.filter(hours, project_id=project_id, pattern_id__in=ids)
    return list(rows.values_list("hour", "model_id", "durations", *SUMS))


def fill(window: Window, rows: Iterable[tuple[Any, ...]]) -> Series:
    """Rows of `read` into the buckets of the window; those outside are left out."""
    series = Series(window, [Sums() for _ in range(window.count)], Sums())
    for hour, _, sketch, *values in rows:
        place = window.bucket(hour)
        if place is not None:
            series.buckets[place].add(values, bytes(sketch))
            series.total.add(values, bytes(sketch))
    return series


def range_for(rows: Hours, now: datetime) -> str:
    """The shortest range that holds all data; 30 days when nothing is older than the rest."""
    first = min((row[0] for row in rows if row[0] != ALL_TIME), default=None)
    if first is None or first < hour_of(now) - 7 * DAY:
        return "30d"
    return "24h" if first > hour_of(now) - DAY else "7d"


@dataclass
class Gauge:
    """The last values seen in a bucket, and what was recognised in it. None: nothing was seen."""

    validated: int | None = None
    candidates: int | None = None
    drifting: int | None = None
    memory: int | None = None
    recognized: int = 0
    matched: int = 0
    sketches: list[bytes] = field(default_factory=list)

    @property
    def stored(self) -> int | None:
        if self.validated is None:
            return None
        return self.validated + (self.candidates or 0) + (self.drifting or 0)

    @property
    def rate(self) -> float | None:
        return self.matched / self.recognized if self.recognized else None

    def recognition(self, share: float) -> float | None:
        return quantile(merged(self.sketches), share)


def read_project(project_id: UUID, first: int, end: int) -> list[Any]:
    """The project's hours, oldest first, as named tuples."""
    rows = ProjectHour.objects.filter(project_id=project_id, hour__gte=first, hour__lt=end)
    names = ("hour", "samples", "validated", "candidates", "drifting", "memory_bytes")
    found = rows.values_list(*names, "recognized", "matched", "recognition_ms", named=True)
    return list(found.order_by("hour"))


def gauges(window: Window, rows: Iterable[Any]) -> list[Gauge]:
    found = [Gauge() for _ in range(window.count)]
    for row in rows:
        place = window.bucket(row.hour)
        if place is None:
            continue
        gauge = found[place]
        if row.samples or row.validated or row.candidates:
            gauge.validated, gauge.candidates = row.validated, row.candidates
            gauge.drifting = row.drifting
        if row.memory_bytes:
            gauge.memory = max(gauge.memory or 0, row.memory_bytes)
        add_recognition(gauge, row)
    return found


def add_recognition(gauge: Gauge, row: Any) -> None:
    gauge.recognized += row.recognized
    gauge.matched += row.matched
    if row.recognition_ms:
        gauge.sketches.append(bytes(row.recognition_ms))


def together(found: Iterable[Gauge]) -> Gauge:
    """Recognition of all buckets; the gauges are those of the last bucket that has any."""
    total = Gauge()
    for gauge in found:
        total.recognized += gauge.recognized
        total.matched += gauge.matched
        total.sketches += gauge.sketches
        if gauge.validated is not None:
            total.validated, total.candidates = gauge.validated, gauge.candidates
            total.drifting, total.memory = gauge.drifting, gauge.memory
    return total


Owners = Mapping[UUID, UUID]  # pattern id -> the one it counts for (serializers.family_of)


def daily_counts(project_id: UUID, owners: Owners, now: datetime) -> dict[UUID, list[int]]:
    """Matches of each pattern on each of the last 14 days, for the sparklines of a list."""
    days = 14
    last = hour_of(now) // DAY
    found = {name: [0] * days for name in owners.values()}
    rows = PatternHour.objects.filter(
        project_id=project_id, pattern_id__in=list(owners), hour__gte=(last - days + 1) * DAY
    )
    sums = rows.annotate(day=F("hour") / DAY).values("pattern_id", "day").annotate(n=Sum("count"))
    for row in sums.values_list("pattern_id", "day", "n"):
        if 0 <= (place := int(row[1]) - last + days - 1) < days:
            found[owners[row[0]]][place] += row[2]
    return found


def figures_of(project_id: UUID, owners: Owners) -> dict[UUID, Sums]:
    """All-time sums of each pattern over all models."""
    found = {name: Sums() for name in owners.values()}
    rows = PatternHour.objects.filter(
        project_id=project_id, hour=ALL_TIME, pattern_id__in=list(owners)
    )
    for name, sketch, *values in rows.values_list("pattern_id", "durations", *SUMS):
        found[owners[name]].add(values, bytes(sketch))
    return found


def by_model(rows: Iterable[tuple[Any, ...]]) -> dict[str, Sums]:
    """The all-time rows among those of `read`, under each model, most used first."""
    found: dict[str, Sums] = {}
    for hour, name, sketch, *values in rows:
        if hour == ALL_TIME:
            found.setdefault(name, Sums()).add(values, bytes(sketch))
    return dict(sorted(found.items(), key=lambda item: (-item[1].count, item[0])))


def added(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total.add([getattr(part, name) for name in SUMS], b"")
        total.sketches += part.sketches
    return total
