"""The project's hours become gauges; what was not seen stays unknown."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from patterns.statistics import hourly_gauges
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.rollups import HOUR_MS
from patterns.statistics.time_window import Window
from tests.builders import NOON, NOON_TIME

NOW = NOON_TIME + timedelta(minutes=30)
HOUR = NOON // HOUR_MS


def hour_row(hour: int, **values: object) -> SimpleNamespace:
    usual = dict.fromkeys(("validated", "candidates", "drifting", "samples"), 0)
    zero = {
        "memory_bytes": 0,
        "engine_bytes": 0,
        "recognized": 0,
        "matched": 0,
        "recognition_ms": b"",
    }
    return SimpleNamespace(hour=hour, **{**usual, **zero, **values})


def test_a_gauge_keeps_the_last_value_of_its_bucket_and_the_highest_memory() -> None:
    window = Window.ending(NOW, "30d")
    rows = [
        hour_row(HOUR - 2, samples=3, validated=4, memory_bytes=90),
        hour_row(HOUR, samples=3, validated=6, candidates=1, memory_bytes=70),
    ]

    last = hourly_gauges.fill_buckets(window, rows)[-1]

    assert (last.validated, last.stored, last.memory) == (6, 7, 90)


def test_an_hour_without_a_sample_leaves_the_gauge_unknown() -> None:
    window = Window.ending(NOW, "24h")

    found = hourly_gauges.fill_buckets(window, [hour_row(HOUR, recognized=4, matched=3)])

    assert found[-1].stored is None
    assert hourly_gauges.sum_gauges(found).rate == 0.75
    assert HourlyGauge().rate is None
