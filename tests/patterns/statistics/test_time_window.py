"""The time axis of a chart: equal buckets in UTC, the last of which holds now."""

from __future__ import annotations

from datetime import UTC, datetime

from patterns.statistics.rollups import HOUR_MS
from patterns.statistics.time_window import Window

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOUR = int(NOW.timestamp()) * 1000 // HOUR_MS


def test_a_day_range_ends_today_and_has_a_date_a_bucket() -> None:
    window = Window.ending(NOW, "30d")

    assert window.labels()[0] == "2026-10-24"
    assert window.labels()[-1] == "2026-11-22"
    assert window.bucket(HOUR) == 29


def test_an_hour_range_ends_in_this_hour() -> None:
    window = Window.ending(NOW, "24h")

    assert window.labels()[-1] == "2026-11-22T12:00:00Z"
    assert window.bucket(HOUR - 24) is None


def test_the_previous_window_begins_on_the_same_weekday_and_never_overlaps() -> None:
    window = Window.ending(NOW, "7d")

    before = window.previous()
    assert before.end <= window.start
    assert (window.start - before.start) % 168 == 0
    assert (before.step, before.count) == (window.step, window.count)


def test_coarser_buckets_keep_the_newest_end() -> None:
    window = Window("30d", 24_000, 24, 30)
    coarse = window.coarsened(7)

    assert (coarse.end, coarse.step, coarse.count) == (window.end, 168, 4)
    assert all("T" not in label for label in coarse.labels())
