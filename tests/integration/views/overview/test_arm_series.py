"""Memory against the holdout over a window: lines, and the difference with its interval."""

from __future__ import annotations

import pytest

from integration.views.overview.arm_series import ArmSeries
from optimizations.policy_runtime.arm_hours import ArmSums
from patterns.statistics.time_window import Window

WINDOW = Window("7d", 1000, 6, 4)


def sums(n: int, mean: float, weight: float = 1.0) -> ArmSums:
    return ArmSums(n, n * weight, n * weight**2, n * weight * mean)


def test_hours_fall_into_their_buckets() -> None:
    rows = [
        (1001, "memory", sums(40, 0.9)),
        (1002, "memory", sums(40, 0.7)),
        (1014, "holdout", sums(10, 0.5, 9.0)),
    ]
    found = ArmSeries.of(rows, WINDOW)

    assert found.memory.values == [pytest.approx(0.8), None, None, None]
    assert found.holdout.values == [None, None, pytest.approx(0.5), None]
    assert found.holdout.counts[2] == pytest.approx(10)


def test_the_effect_is_the_difference_with_its_interval() -> None:
    rows = [(1001, "memory", sums(400, 0.9)), (1001, "holdout", sums(100, 0.6, 4.0))]
    effect = ArmSeries.of(rows, WINDOW).effect

    assert effect is not None
    point, low, high = effect
    assert point == pytest.approx(0.3)
    assert 0.15 < low < 0.21
    assert high - point == pytest.approx(point - low)


def test_too_few_held_out_calls_tell_no_effect() -> None:
    rows = [(1001, "memory", sums(400, 0.9)), (1001, "holdout", sums(19, 0.6))]

    assert ArmSeries.of(rows, WINDOW).effect is None
    assert ArmSeries.of([], WINDOW).effect is None
