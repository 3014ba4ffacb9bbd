"""Rollups as series over a time window, for figures, charts and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from fastdigest import TDigest

from patterns.models import PatternHour
from patterns.statistics.quantile_sketch import merge_sketches, read_quantile
from patterns.statistics.rollups import ALL_PATTERNS, ALL_TIME
from patterns.statistics.time_window import DAY, Window, hour_of

# 95 % of a normal distribution lie within 1.96 standard deviations.
Z95 = 1.959964


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
    "call_cost_sum",
    "call_cost_count",
)


@dataclass
class Sums:
    """Summed rollups. Means and quantiles are None without data."""

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
    call_cost_sum: float = 0
    call_cost_count: float = 0
    sketches: list[bytes] = field(default_factory=list)
    _digest: TDigest | None = None

    def add(self, values: Sequence[float], sketch: bytes) -> None:
        """Values in the order of SUMS. Unrolled, because a page adds hundreds of rows."""
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
        self.call_cost_sum += values[11]
        self.call_cost_count += values[12]
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
        """Mean prompt ("input_tokens") or completion tokens per interaction that reported tokens."""
        total = float(getattr(self, name))
        return total / self.tokens_count if self.tokens_count and total else None

    @property
    def cost(self) -> float | None:
        """Mean cost of a call that did not fail."""
        return self.call_cost_sum / self.call_cost_count if self.call_cost_count else None

    @property
    def p50(self) -> float | None:
        return self.duration(0.5)

    @property
    def p95(self) -> float | None:
        return self.duration(0.95)

    def duration(self, share: float) -> float | None:
        """A quantile of the durations in ms, from the merged sketches."""
        if self._digest is None:
            self._digest = merge_sketches(self.sketches)
        return read_quantile(self._digest, share)


def wilson_interval(mean: float | None, n: float) -> tuple[float, float] | None:
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
    """One Sums per bucket of the window, and their total."""

    window: Window
    buckets: list[Sums]
    total: Sums

    def values(self, name: str) -> list[Any]:
        return [getattr(bucket, name) for bucket in self.buckets]

    def durations(self, share: float) -> list[float | None]:
        return [bucket.duration(share) for bucket in self.buckets]


Hours = list[tuple[Any, ...]]


def read_rollups(project_id: UUID, first: int, end: int, pattern_ids: Iterable[UUID] = ()) -> Hours:
    """The rollup rows of these hours and of all time: of the patterns, or of the whole project."""
    ids = list(pattern_ids) or [ALL_PATTERNS]
    hours = Q(hour__gte=first, hour__lt=end) | Q(hour=ALL_TIME)
    rows = PatternHour.objects.filter(hours, project_id=project_id, pattern_id__in=ids)
    return list(rows.values_list("hour", "model_id", "durations", *SUMS))


def fill_series(window: Window, rows: Iterable[tuple[Any, ...]]) -> Series:
    """Sort rows of `read_rollups` into the buckets of the window; others are ignored."""
    found: list[Hours] = [[] for _ in range(window.count)]
    for row in rows:
        place = window.bucket(row[0])
        if place is not None:
            found[place].append(row)
    buckets = [sum_columns(some) for some in found]
    return Series(window, buckets, add_sums(buckets))


def sum_columns(rows: Hours) -> Sums:
    """Sum rows of `read_rollups` by column, because a chart of 90 days has thousands."""
    found = Sums(sketches=[bytes(row[2]) for row in rows if row[2]])
    columns = list(zip(*rows, strict=True))[3:]
    if columns:
        found.add([sum(column) for column in columns], b"")
    return found


def choose_range(rows: Hours, now: datetime) -> str:
    """The shortest range that holds all data, at most 30 days; 30 days without data."""
    first = min((row[0] for row in rows if row[0] != ALL_TIME), default=None)
    if first is None or first < hour_of(now) - 7 * DAY:
        return "30d"
    return "24h" if first > hour_of(now) - DAY else "7d"


Owners = Mapping[UUID, UUID]  # pattern id -> the one it counts for (serializers.family_of)


def count_daily(project_id: UUID, owners: Owners, now: datetime) -> dict[UUID, list[int]]:
    """Matches of each pattern on each of the last 14 days, for the sparklines of a list."""
    days = 14
    last = hour_of(now) // DAY
    found = {name: [0] * days for name in owners.values()}
    counts = {to_uuid_column(pattern): found[owner] for pattern, owner in owners.items()}
    if not counts:
        return found
    marks = ", ".join(["%s"] * len(counts))
    # In SQL: through Django the 14 days of 200 patterns take four times as long.
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pattern_id, hour / {DAY}, SUM(count) FROM {PatternHour._meta.db_table} "
            f"WHERE project_id = %s AND pattern_id IN ({marks}) AND hour >= %s GROUP BY 1, 2",
            [to_uuid_column(project_id), *counts, (last - days + 1) * DAY],
        )
        for pattern, at, n in cursor.fetchall():
            if 0 <= (place := int(at) - last + days - 1) < days:
                counts[pattern][place] += int(n)
    return found


def to_uuid_column(name: UUID) -> UUID | str:
    """A UUID as stored in columns of this database."""
    return name if connection.features.has_native_uuid_field else name.hex


def read_totals(project_id: UUID, owners: Owners) -> dict[UUID, Sums]:
    """All-time sums of each pattern over all models."""
    found = {name: Sums() for name in owners.values()}
    rows = PatternHour.objects.filter(
        project_id=project_id, hour=ALL_TIME, pattern_id__in=list(owners)
    )
    for name, sketch, *values in rows.values_list("pattern_id", "durations", *SUMS):
        found[owners[name]].add(values, bytes(sketch))
    return found


def sum_by_model(rows: Iterable[tuple[Any, ...]]) -> dict[str, Sums]:
    """The all-time rows of `read_rollups` summed by model, most used first."""
    found: dict[str, Sums] = {}
    for hour, name, sketch, *values in rows:
        if hour == ALL_TIME:
            found.setdefault(name, Sums()).add(values, bytes(sketch))
    return dict(sorted(found.items(), key=lambda item: (-item[1].count, item[0])))


def add_sums(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total.add([getattr(part, name) for name in SUMS], b"")
        total.sketches += part.sketches
    return total
