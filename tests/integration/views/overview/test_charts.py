"""The steps in which the Overview draws effectiveness."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from integration.views.overview import charts
from integration.views.overview.arm_series import ArmSeries
from patterns.statistics import series
from patterns.statistics.time_window import Window

WINDOW = Window.ending(datetime(2026, 11, 22, 12, tzinfo=UTC), "30d")


def page_with(judged_a_day: int) -> Any:
    values = [float(judged_a_day) if name == "quality_count" else 0.0 for name in series.SUMS]
    rows = [(WINDOW.start + 24 * day, "m", b"", *values) for day in range(30)]
    return SimpleNamespace(window=WINDOW, rows=rows, arms=ArmSeries.of([], WINDOW))


def test_enough_calls_a_day_are_drawn_day_by_day() -> None:
    assert charts.choose_buckets(page_with(5))[0].step == 24


def test_a_quiet_day_does_not_make_the_steps_longer() -> None:
    page = page_with(5)
    page.rows[::3] = page_with(1).rows[::3]

    assert charts.choose_buckets(page)[0].step == 24


def test_few_calls_a_day_are_drawn_in_longer_steps() -> None:
    assert charts.choose_buckets(page_with(2))[0].step == 3 * 24


def test_hardly_any_calls_are_drawn_in_the_longest_steps() -> None:
    window, arms = charts.choose_buckets(page_with(0))

    assert window.step == 7 * 24
    assert len(arms.memory.values) == window.count
