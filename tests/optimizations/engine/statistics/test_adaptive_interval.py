"""Forecasts hold as often as they say, whatever the values do."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest

from optimizations.engine.statistics.adaptive_interval import ENOUGH, KEPT, AdaptiveInterval


def values(kind: str, count: int, dice: random.Random) -> Iterator[float]:
    """Times or tokens of one kind of task, some of them not the same at the end as at the start."""
    for number in range(count):
        part = number / count
        if kind == "steady":
            yield dice.lognormvariate(6.5, 0.6)
        elif kind == "drifting":
            yield dice.lognormvariate(6.5 + 1.5 * part, 0.6)
        elif kind == "jumping":
            yield dice.lognormvariate(6.5 + 1.2 * (part > 0.5), 0.5)
        elif kind == "seasonal":
            yield dice.lognormvariate(6.5 + math.sin(number / 100), 0.4)
        elif kind == "heavy-tailed":
            yield 100 * dice.paretovariate(1.2)
        else:
            yield dice.choice([dice.gauss(100, 5), dice.gauss(900, 50)])


KINDS = ["steady", "drifting", "jumping", "seasonal", "heavy-tailed", "of two kinds"]


@pytest.mark.parametrize("kind", KINDS)
def test_nine_in_ten_lie_within(kind: str) -> None:
    held = told = 0
    for seed in range(8):
        interval = AdaptiveInterval()
        for value in values(kind, 2_000, random.Random(seed)):
            if (ends := interval.forecast()) is not None:
                told += 1
                held += ends[0] <= value <= ends[1]
            interval.learn(value)

    assert 0.88 <= held / told <= 0.92


def test_there_is_no_forecast_before_enough_is_known() -> None:
    interval = AdaptiveInterval(values=range(ENOUGH - 1))
    assert interval.forecast() is None

    interval.learn(ENOUGH)
    assert interval.forecast() is not None


def test_only_the_last_values_are_kept() -> None:
    interval = AdaptiveInterval(values=[*([5.0] * KEPT), *([9.0] * KEPT)])

    assert interval.forecast() == (9.0, 9.0)
    assert len(interval._ordered) == len(interval._last) == KEPT


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_changes_nothing(value: float) -> None:
    interval = AdaptiveInterval(values=range(100))
    before = interval.forecast()
    interval.learn(value)

    assert interval.forecast() == before
