"""Calls of a pattern by model: five series at most, and the totals stay right."""

from __future__ import annotations

from typing import Any

from patterns.charts.model_calls import OTHERS, build_model_calls_chart, count_calls
from patterns.statistics.time_window import Window

WINDOW = Window("7d", 1000, 6, 3)


def row(hour: int, model_id: str, count: int) -> tuple[Any, ...]:
    return (hour, model_id, b"", count, *[0] * 12)


def test_calls_are_counted_by_model_and_bucket() -> None:
    rows = [row(1001, "a", 2), row(1007, "a", 3), row(1008, "b", 9), row(5, "a", 100)]

    assert count_calls(WINDOW, rows) == {"b": [0, 9, 0], "a": [2, 3, 0]}


def test_from_the_fifth_model_on_they_are_one() -> None:
    rows = [row(1001, f"m{n}", 10 - n) for n in range(8)]
    found = count_calls(WINDOW, rows)

    assert list(found) == ["m0", "m1", "m2", "m3", OTHERS]
    assert sum(found[OTHERS]) == 6 + 5 + 4 + 3


def test_the_table_has_the_sum_of_all_models() -> None:
    chart = build_model_calls_chart(WINDOW, [row(1001, "a", 2), row(1002, "b", 5)])

    assert chart.rows[0][1:] == (5, 2, 7)
    assert [entry.value for entry in chart.legend] == ["5", "2"]


def test_without_a_call_it_says_so() -> None:
    assert build_model_calls_chart(WINDOW, []).empty == "No call in the last 7 days."
