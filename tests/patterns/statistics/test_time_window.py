"""The time axis of a chart: equal buckets in UTC, the last of which holds now."""

from __future__ import annotations

from datetime import UTC, datetime

from patterns.statistics.rollups import HOUR_MS
from patterns.statistics.time_window import Window
from tests.builders import NOON

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOUR = NOON // HOUR_MS


def test_a_day_range_ends_today_and_has_a_date_a_bucket() -> None:
    window = Window.ending(NOW, "30d")

    assert window.labels()[0] == "2026-10-24"
    assert window.labels()[-1] == "2026-11-22"
    assert window.bucket(HOUR) == 29


def test_an_hour_range_ends_in_this_hour() -> None:
    window = Window.ending(NOW, "24h")

    assert window.labels()[-1] == "2026-11-22T12:00:00Z"
    assert window.bucket(HOUR - 24) is None


def test_the_previous_window_touches_this_one() -> None:
    window = Window.ending(NOW, "7d")

    assert window.previous().end == window.start
