"""Savings by kind: bars add up to the headline, losses are drawn below zero, kinds are folded."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from optimizations.engine.reporting.savings import SavingsHour
from optimizations.summaries.savings_chart import (
    OTHERS,
    build_savings_chart,
    fold_kinds,
    sum_saved,
    write_money,
)
from patterns.charts.chart import Chart
from patterns.statistics.time_window import Window
from tests.patterns.charts.test_states import (
    MOST_BYTES,
    MOST_POINTS,
    MOST_ROWS,
    MOST_SERIES,
    count_seen,
    figure_of,
)

WINDOW = Window("7d", 1000, 6, 4)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHORT, LONG = Window.ending(NOW, "30d"), Window.ending(NOW, "90d")


def hour(at: int, saved: float, variance: float = 0.0) -> SavingsHour:
    return SavingsHour(at, "o", True, 1, [saved, 0.0, 0.0], [variance, 0.0, 0.0])


def chart_of(window: Window, *saved: tuple[str, int, float]) -> Chart:
    """From (kind, days after the start of the window, money)."""
    ledger = [(kind, hour(window.start + 24 * day, money)) for kind, day, money in saved]
    return build_savings_chart(window, sum_saved(window, ledger))


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


def test_savings_of_unknown_kinds_are_among_the_others_and_none_is_lost() -> None:
    folded = fold_kinds({OTHERS: [9.0], **{f"kind {n}": [1.0] for n in range(6)}})

    assert list(folded) == ["kind 0", "kind 1", "kind 2", "kind 3", OTHERS]
    assert folded[OTHERS] == [11.0]


def test_what_is_proven_and_changed_no_cost_is_no_empty_picture() -> None:
    chart = chart_of(SHORT, ("route_model", 15, 0.0))

    assert chart.figure is None
    assert "has not changed the cost" in chart.empty


@pytest.mark.parametrize("place", [0, 15, 29])
@pytest.mark.parametrize("money", [2.0, -2.0, 0.00001])
def test_one_point_is_seen(place: int, money: float) -> None:
    (trace,) = figure_of(chart_of(SHORT, ("route_model", place, money)))["data"]

    assert count_seen(trace) == 1


def test_points_between_gaps_are_seen_one_by_one() -> None:
    chart = chart_of(SHORT, *[("route_model", day, 1.0) for day in (3, 9, 15, 16)])
    (trace,) = figure_of(chart)["data"]

    assert count_seen(trace) == 4
    assert [row[1] for row in chart.rows if row[1]] == [1.0] * 4


def test_a_loss_is_called_one() -> None:
    sentence = chart_of(SHORT, ("route_model", 15, -2.0)).sentence

    assert sentence.startswith("$2.00 more spent than saved in the 30 days shown")


@pytest.mark.parametrize("money", [400.0, 2.0, 0.03, 0.008, 0.0003, 0.000004])
def test_the_marks_of_the_axis_are_told_apart_and_read_as_they_are(money: float) -> None:
    axis = figure_of(chart_of(SHORT, ("route_model", 15, money)))["layout"]["yaxis"]

    assert len(set(axis["ticktext"])) == len(axis["tickvals"])
    assert [float(text[1:]) for text in axis["ticktext"]] == pytest.approx(axis["tickvals"])


def test_round_sums_have_no_cents() -> None:
    assert [write_money(value) for value in (0, 2, -2, 0.5)] == ["$0", "$2", "−$2", "$0.50"]


def test_ten_thousand_hours_are_few_points_and_every_sum_adds_up() -> None:
    kinds = ("route_model", "cache_response", "timeout", "cache_similar", "tune_parameters", "")
    ledger = [
        (kind, hour(LONG.start + at, 0.01 * (at % 7)))
        for at in range(LONG.step * LONG.count)
        for kind in kinds
    ]
    assert len(ledger) >= 10_000
    chart = build_savings_chart(LONG, sum_saved(LONG, ledger))
    figure = figure_of(chart)

    assert all(len(trace["x"]) <= MOST_POINTS for trace in figure["data"])
    assert len(figure["data"]) <= MOST_SERIES
    assert len(chart.rows) <= MOST_ROWS
    assert len(json.dumps(figure)) <= MOST_BYTES
    assert all(sum(row[1:-1]) == pytest.approx(row[-1]) for row in chart.rows)
