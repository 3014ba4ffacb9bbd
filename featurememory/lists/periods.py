"""Periods that a list can be narrowed to, up to now."""

from __future__ import annotations

from datetime import datetime, timedelta

PERIODS = {
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "90d": ("Last 90 days", timedelta(days=90)),
}
CHOICES = {name: title for name, (title, _) in PERIODS.items()}


def find_start(name: str, now: datetime) -> datetime | None:
    """When the period began; None for "any time"."""
    return now - PERIODS[name][1] if name in PERIODS else None
