"""Every chart in every state: nothing, one point, points between gaps, no value at all, ten thousand rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from patterns.charts import (
    durations,
    effectiveness,
    model_calls,
    pattern_use,
    process_memory,
    stored_patterns,
    token_use,
)
from patterns.charts.chart import Chart
from patterns.statistics import series
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.quantile_sketch import update_sketch
from patterns.statistics.time_window import Window

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHORT, LONG = Window.ending(NOW, "30d"), Window.ending(NOW, "90d")
MOST_POINTS, MOST_ROWS, MOST_SERIES, MOST_BYTES = 300, 300, 5, 40_000


def rows_of(window: Window, places: list[int], models: int = 1, **sums: float) -> series.Hours:
    """A row as the hourly sums hold it, for each model, in each of these hours of the window."""
    usual = {"count": 40, "successes": 30, "judged": 40, "quality_sum": 30, "quality_count": 40}
    usual |= {"input_tokens": 900, "output_tokens": 90, "tokens_sum": 990, "tokens_count": 40}
    values = [float((usual | sums).get(name, 0)) for name in series.SUMS]
    sketch = b"" if sums.get("durations") == 0 else update_sketch(b"", [500.0, 900.0])
    return [
        (window.start + place, f"model-{number}", sketch, *values)
        for place in places
        for number in range(models)
    ]


def gauges_of(window: Window, rows: series.Hours) -> list[HourlyGauge]:
    held = {window.bucket(row[0]) for row in rows}
    full = HourlyGauge(30, 2, 1, memory=60_000_000, engine=9_000_000)
    return [full if place in held else HourlyGauge() for place in range(window.count)]


Build = Callable[[Window, series.Hours], Chart]
CHARTS: dict[str, Build] = {
    "effectiveness": lambda window, rows: effectiveness.build_effectiveness_chart(
        series.fill_series(window, rows)
    ),
    "durations": lambda window, rows: durations.build_durations_chart(
        series.fill_series(window, rows)
    ),
    "tokens": lambda window, rows: token_use.build_token_use_chart(
        series.fill_series(window, rows)
    ),
    "use": lambda window, rows: pattern_use.build_pattern_use_chart(
        series.fill_series(window, rows)
    ),
    "models": model_calls.build_model_calls_chart,
    "memory": lambda window, rows: process_memory.build_process_memory_chart(
        window, gauges_of(window, rows)
    ),
    "patterns": lambda window, rows: stored_patterns.build_stored_patterns_chart(
        window, gauges_of(window, rows), 1000
    ),
}
every_chart = pytest.mark.parametrize("build", CHARTS.values(), ids=CHARTS)
DAY = 24


def figure_of(chart: Chart) -> dict[str, Any]:
    assert chart.figure is not None, chart.empty
    return chart.figure


def count_seen(trace: dict[str, Any]) -> int:
    """The points of a trace that leave ink: bars, dots, ends of lines that have a length."""
    if trace["type"] == "bar":
        return sum(1 for value in trace["y"] if value)
    sizes = trace.get("marker", {}).get("size", [0] * len(trace["y"]))
    known = [value is not None for value in trace["y"]]
    joined = [
        here and (any(known[at + 1 : at + 2]) or (at > 0 and known[at - 1]))
        for at, here in enumerate(known)
    ]
    return sum(
        here and (long or size > 0) for here, long, size in zip(known, joined, sizes, strict=True)
    )


@every_chart
def test_without_data_a_chart_says_what_it_waits_for(build: Build) -> None:
    chart = build(SHORT, [])

    assert chart.figure is None
    assert len(chart.empty) > 20
    assert chart.empty.endswith(".")


@every_chart
@pytest.mark.parametrize("place", [0, 15, 29])
def test_one_point_is_seen_and_said(build: Build, place: int) -> None:
    chart = build(SHORT, rows_of(SHORT, [DAY * place]))
    traces = [trace for trace in figure_of(chart)["data"] if trace.get("hoverinfo") != "skip"]

    assert sum(count_seen(trace) for trace in traces) >= 1
    for trace in traces:
        assert count_seen(trace) == sum(1 for value in trace["y"] if value), trace["name"]


@pytest.mark.parametrize("name", ["effectiveness", "durations", "tokens", "use", "memory"])
def test_the_sentence_of_one_point_names_it_and_nothing_else(name: str) -> None:
    chart = CHARTS[name](SHORT, rows_of(SHORT, [DAY * 15]))

    assert "on 8 November, the only time with data." in chart.sentence
    assert "no data at" not in chart.sentence
    assert " to " not in chart.sentence.partition(".")[0]


@every_chart
def test_points_between_gaps_are_seen_one_by_one(build: Build) -> None:
    chart = build(SHORT, rows_of(SHORT, [DAY * place for place in (3, 9, 15, 16)]))

    for trace in figure_of(chart)["data"]:
        if trace.get("hoverinfo") != "skip":
            assert count_seen(trace) == sum(1 for value in trace["y"] if value), trace["name"]


def test_the_interval_of_one_point_is_an_upright_line() -> None:
    chart = CHARTS["effectiveness"](SHORT, rows_of(SHORT, [DAY * 15]))

    (band,) = [one for one in figure_of(chart)["data"] if one.get("hoverinfo") == "skip"]
    assert band["x"] == ["2026-11-08", "2026-11-08"]
    assert band["y"][0] > band["y"][1]
    assert band["line"]["width"] > 1


def test_calls_that_report_no_duration_are_no_empty_picture() -> None:
    chart = CHARTS["durations"](SHORT, rows_of(SHORT, [0, DAY], durations=0))

    assert chart.figure is None
    assert "reported how long" in chart.empty


def test_matches_without_a_verdict_say_so_in_the_panel_above() -> None:
    rows = rows_of(SHORT, [0, DAY], quality_sum=0, quality_count=0)
    figure = figure_of(CHARTS["use"](SHORT, rows))

    assert "No score or success" in str([note["text"] for note in figure["layout"]["annotations"]])


def test_few_verdicts_at_every_point_are_no_empty_picture() -> None:
    rows = rows_of(SHORT, [DAY * day for day in range(30)], quality_sum=2, quality_count=3)
    chart = CHARTS["effectiveness"](SHORT, rows)

    assert chart.figure is None
    assert "each has fewer" in chart.empty


@every_chart
def test_ten_thousand_rows_are_few_points_and_a_short_table(build: Build) -> None:
    rows = rows_of(LONG, list(range(LONG.step * LONG.count)), models=5)
    rows += rows_of(LONG, [0], models=200)
    assert len(rows) >= 10_000
    chart = build(LONG, rows)
    figure = figure_of(chart)

    assert all(len(trace["x"]) <= MOST_POINTS for trace in figure["data"])
    assert len([one for one in figure["data"] if one.get("meta")]) <= MOST_SERIES
    assert len(chart.rows) <= MOST_ROWS
    assert len(json.dumps(figure)) <= MOST_BYTES
