"""The six headline figures of the Overview, with their change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from featurememory.templatetags import figures
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.series import Series, Sums, wilson_interval

RECOGNITION_BUDGET_MS = 50


@dataclass(frozen=True)
class Figure:
    """A headline figure: `value` as text, `now` and `before` for the change, a note and a trend."""

    name: str
    value: str
    now: float | None
    before: float | None
    note: str
    trend: Sequence[float | None]
    kind: str = "share"
    better: str = "up"
    title: str = ""
    link: str = ""


def build_stored_patterns(stored: int, limit: int, found: Sequence[HourlyGauge]) -> Figure:
    counts = [gauge.stored for gauge in found]
    return Figure(
        "Stored patterns",
        figures.number(stored),
        stored,
        next((count for count in counts if count is not None), None),
        f"of {limit:,} allowed",
        counts,
        kind="count",
        better="none",
        link="/patterns/",
    )


def build_recognition_rate(
    found: Sequence[HourlyGauge], now: HourlyGauge, before: HourlyGauge, period: str
) -> Figure:
    return Figure(
        "Recognition rate",
        figures.percent(now.rate),
        now.rate,
        before.rate,
        "matched",
        [gauge.rate for gauge in found],
        kind="points",
        title="Interactions that matched an existing pattern, by time of recognition",
        link=f"/interactions/?range={period}",
    )


def build_effectiveness(now: Series, before: Series) -> Figure:
    interval, note = compute_interval(now), "no score or success yet"
    if interval:
        note = f"{figures.percent(interval[0])} to {figures.percent(interval[1])}, 95%"
    return Figure(
        "Effectiveness",
        figures.percent(now.total.quality),
        now.total.quality,
        before.total.quality,
        note,
        now.values("quality"),
        kind="points",
        link="/patterns/?sort=effectiveness",
    )


def compute_interval(found: Series) -> tuple[float, float] | None:
    return wilson_interval(found.total.quality, found.total.quality_count)


def build_tokens(now: Series, before: Series) -> Figure:
    total = now.total
    return Figure(
        "Tokens",
        figures.compact(total.tokens_sum) if total.tokens_count else figures.NONE,
        count_known_tokens(total),
        count_known_tokens(before.total),
        f"{figures.number(total.tokens)} per call" if total.tokens else "not reported",
        [count_known_tokens(bucket) for bucket in now.buckets],
        better="none",
        link="/models/",
    )


def count_known_tokens(sums: Sums) -> float | None:
    return sums.tokens_sum if sums.tokens_count else None


def build_duration(now: Series, before: Series) -> Figure:
    p95, earlier = now.total.duration(0.95), before.total.duration(0.95)
    return Figure(
        "Duration p95",
        figures.duration(p95),
        p95,
        earlier,
        "" if earlier is None else f"was {figures.duration(earlier)}",
        now.durations(0.95),
        better="down",
        link="/models/",
    )


def build_recognition_time(
    found: Sequence[HourlyGauge], now: HourlyGauge, before: HourlyGauge
) -> Figure:
    p95 = now.recognition(0.95)
    return Figure(
        "Recognition p95",
        figures.duration(p95),
        p95,
        before.recognition(0.95),
        f"budget {RECOGNITION_BUDGET_MS}\u00a0ms",
        [gauge.recognition(0.95) for gauge in found],
        kind="ms",
        better="down",
        link="/health/",
    )
