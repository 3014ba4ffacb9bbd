"""Periods of lists: they begin where the charts of the same range begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from featurememory.lists.periods import PERIODS, find_start
from patterns.statistics.time_window import RANGES, Window, time_of

NOW = datetime(2026, 11, 29, 10, 22, 7, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(PERIODS))
@pytest.mark.parametrize("later", [0, 1, 5, 6, 13, 23])
def test_a_list_and_a_chart_of_one_range_begin_at_the_same_hour(name: str, later: int) -> None:
    now = NOW + timedelta(hours=later)

    assert find_start(name, now) == time_of(Window.ending(now, name).start)


def test_every_range_of_the_charts_is_a_period_and_other_names_are_none() -> None:
    assert set(PERIODS) == set(RANGES)
    assert find_start("", NOW) is None
