"""Savings by kind: bars add up to the headline, losses are drawn below zero, kinds are folded."""

from __future__ import annotations

import pytest

from optimizations.engine.reporting.savings import SavingsHour
from optimizations.summaries.savings_chart import (
    OTHERS,
    build_savings_chart,
    fold_kinds,
    sum_saved,
)
from patterns.statistics.time_window import Window

WINDOW = Window("7d", 1000, 6, 4)


def hour(at: int, saved: float, variance: float = 0.0) -> SavingsHour:
    return SavingsHour(at, "o", True, 1, [saved, 0.0, 0.0], [variance, 0.0, 0.0])


def test_hours_are_summed_by_kind_and_bucket_and_others_left_out() -> None:
    ledger = [
        ("route_model", hour(1001, 2.0, 0.25)),
        ("route_model", hour(1005, 1.0)),
        ("cache_response", hour(1013, 0.5)),
        ("route_model", hour(999, 100.0)),
        ("", hour(1023, 0.1)),
    ]
    saved = sum_saved(WINDOW, ledger)

    assert saved.by_kind == {
        "Model route": [3.0, 0, 0, 0],
        "Response cache": [0, 0, 0.5, 0],
        OTHERS: [0, 0, 0, 0.1],
    }
    assert saved.total == pytest.approx(3.6)
    assert list(saved.interval) == pytest.approx([3.6 - 1.5, 3.6 + 1.5])
    assert saved.buckets == [3.0, 0, 0.5, 0.1]


def test_the_legend_adds_up_to_the_headline() -> None:
    saved = sum_saved(WINDOW, [("route_model", hour(1001, 2.0)), ("timeout", hour(1001, 1.0))])
    chart = build_savings_chart(WINDOW, saved)

    assert [entry.value for entry in chart.legend] == ["$2.00", "$1.00"]
    assert "$3.00, 95% interval $3.00 to $3.00" in chart.note
    assert chart.rows[0][1:] == (2.0, 1.0, 3.0)


def test_a_loss_is_drawn_below_zero() -> None:
    chart = build_savings_chart(WINDOW, sum_saved(WINDOW, [("route_model", hour(1001, -2.0))]))

    assert chart.figure is not None
    assert chart.figure["layout"]["yaxis"]["range"][0] <= -2.0


def test_without_any_it_says_what_will_count() -> None:
    chart = build_savings_chart(WINDOW, sum_saved(WINDOW, []))

    assert chart.figure is None
    assert "Nothing is proven" in chart.empty


def test_from_the_fifth_kind_on_they_are_one() -> None:
    folded = fold_kinds({f"kind {n}": [1.0] for n in range(7)})

    assert list(folded) == ["kind 0", "kind 1", "kind 2", "kind 3", OTHERS]
    assert folded[OTHERS] == [3.0]
