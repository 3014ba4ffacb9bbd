"""Rollups become series: sums, quantiles, intervals. Nothing known is None, never 0."""

from __future__ import annotations

from datetime import timedelta

import pytest

from patterns.statistics import series
from patterns.statistics.rollups import ALL_TIME, HOUR_MS
from patterns.statistics.time_window import Window
from tests.builders import NOON, NOON_TIME, learned, project

NOW = NOON_TIME + timedelta(minutes=30)
HOUR = NOON // HOUR_MS


@pytest.mark.django_db
def test_the_buckets_add_up_to_what_was_learned() -> None:
    owner = project()
    learned(owner, 12, tasks=3)
    window = Window.ending(NOW, "24h")

    found = series.fill_series(window, series.read_rollups(owner.pk, window.start, window.end))

    assert found.total.count == found.buckets[-1].count == 12
    assert found.total.success == pytest.approx(9 / 12)
    assert found.total.tokens == 100
    assert 800 <= (found.total.p95 or 0) <= 812


@pytest.mark.django_db
def test_the_sums_of_all_patterns_are_those_of_the_project() -> None:
    owner = project()
    patterns = learned(owner, 12, tasks=3)
    window = Window.ending(NOW, "24h")
    ids = [pattern.pk for pattern in patterns]

    whole = series.fill_series(window, series.read_rollups(owner.pk, window.start, window.end))
    parts = series.fill_series(window, series.read_rollups(owner.pk, window.start, window.end, ids))

    assert whole.total.count == parts.total.count
    assert whole.total.quality == pytest.approx(parts.total.quality)


@pytest.mark.django_db
def test_a_pattern_counts_its_days_for_the_sparkline() -> None:
    owner = project()
    (pattern,) = learned(owner, 4)

    days = series.count_daily(owner.pk, {pattern.pk: pattern.pk}, NOW + timedelta(days=2))

    assert days[pattern.pk] == [0] * 11 + [4, 0, 0]


@pytest.mark.django_db
def test_the_figures_of_a_model_are_of_all_time() -> None:
    owner = project()
    (pattern,) = learned(owner, 4)
    rows = series.read_rollups(owner.pk, HOUR + 5, HOUR + 6, [pattern.pk])

    assert [row[0] for row in rows] == [ALL_TIME]
    assert series.sum_by_model(rows)["gpt-5-mini"].count == 4


def test_an_empty_bucket_knows_nothing() -> None:
    empty = series.Sums()

    assert (empty.quality, empty.success, empty.tokens, empty.p95) == (None,) * 4


@pytest.mark.parametrize(
    ("hours_ago", "name"), [(2, "24h"), (30, "7d"), (20 * 24, "30d"), (None, "30d")]
)
def test_the_range_is_the_shortest_that_holds_the_data(hours_ago: int | None, name: str) -> None:
    rows = [] if hours_ago is None else [(HOUR - hours_ago,), (ALL_TIME,)]

    assert series.choose_range(rows, NOW) == name


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Wilson 1927; the same as statsmodels' proportion_confint(8, 10, method="wilson").
    assert series.wilson_interval(0.8, 10) == pytest.approx((0.49016, 0.94331), abs=1e-4)
    assert series.wilson_interval(None, 10) is None
    assert series.wilson_interval(1.0, 0) is None
