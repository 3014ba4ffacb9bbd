"""Periods that a list can be narrowed to, up to now. They begin where the charts of that range begin, so
that a list holds what a figure of the Overview counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

HOUR_S = 3600
PERIODS = {
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "90d": ("Last 90 days", timedelta(days=90)),
}
# Hours per bucket of a chart of that range; days and hours are UTC.
STEPS = {"24h": 1, "7d": 6, "30d": 24, "90d": 24}
CHOICES = {name: title for name, (title, _) in PERIODS.items()}


def find_start(name: str, now: datetime) -> datetime | None:
    """When the period began; None for "any time". Its last bucket is the one that holds `now`."""
    if name not in PERIODS:
        return None
    step, length = STEPS[name] * HOUR_S, PERIODS[name][1].total_seconds()
    last = now.timestamp() // step * step
    return datetime.fromtimestamp(last - length + step, UTC)
