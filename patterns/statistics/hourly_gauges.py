"""Gauges of a project over time: stored patterns by status, memory, recognition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from patterns.models import ProjectHour
from patterns.statistics.quantile_sketch import merge_sketches, read_quantile
from patterns.statistics.time_window import Window


@dataclass
class HourlyGauge:
    """The last values of a bucket, and what was recognised in it. None: not measured."""

    validated: int | None = None
    candidates: int | None = None
    drifting: int | None = None
    memory: int | None = None
    engine: int | None = None
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
        return read_quantile(merge_sketches(self.sketches), share)


def read_hours(project_id: UUID, first: int, end: int) -> list[Any]:
    """The project's hours, oldest first, as named tuples."""
    rows = ProjectHour.objects.filter(project_id=project_id, hour__gte=first, hour__lt=end)
    names = (
        "hour",
        "samples",
        "validated",
        "candidates",
        "drifting",
        "memory_bytes",
        "engine_bytes",
    )
    found = rows.values_list(*names, "recognized", "matched", "recognition_ms", named=True)
    return list(found.order_by("hour"))


def fill_buckets(window: Window, rows: Iterable[Any]) -> list[HourlyGauge]:
    found = [HourlyGauge() for _ in range(window.count)]
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
            gauge.engine = max(gauge.engine or 0, row.engine_bytes) or None
        add_recognition(gauge, row)
    return found


def add_recognition(gauge: HourlyGauge, row: Any) -> None:
    gauge.recognized += row.recognized
    gauge.matched += row.matched
    if row.recognition_ms:
        gauge.sketches.append(bytes(row.recognition_ms))


def sum_gauges(found: Iterable[HourlyGauge]) -> HourlyGauge:
    """Recognition summed over all buckets; the gauges are those of the last measured bucket."""
    total = HourlyGauge()
    for gauge in found:
        total.recognized += gauge.recognized
        total.matched += gauge.matched
        total.sketches += gauge.sketches
        if gauge.validated is not None:
            total.validated, total.candidates = gauge.validated, gauge.candidates
            total.drifting = gauge.drifting
            total.memory, total.engine = gauge.memory, gauge.engine
    return total
