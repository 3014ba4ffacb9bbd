"""Charts: valid figures, gaps that stay gaps, and twins that say the same as the picture."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go
import pytest

from patterns.charts import chart as charts_chart
from patterns.charts import (
    effectiveness,
    pattern_use,
    plotly_parts,
    process_memory,
    stored_patterns,
    token_use,
)
from patterns.charts.chart import Chart
from patterns.statistics import series
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.series import Series, Sums
from patterns.statistics.time_window import Window

WINDOW = Window.ending(datetime(2026, 11, 22, 12, tzinfo=UTC), "30d")


def sums(quality: float, count: int = 40) -> Sums:
    made = Sums(count=count, successes=count, judged=count, tokens_sum=200.0 * count)
    made.quality_sum, made.quality_count, made.tokens_count = quality * count, count, count
    made.input_tokens, made.output_tokens = 150.0 * count, 50.0 * count
    return made


def days(*qualities: float | None) -> Series:
    """The last days of the window with these qualities; None: nothing happened."""
    known = [Sums() if quality is None else sums(quality) for quality in qualities]
    buckets = [Sums() for _ in range(WINDOW.count - len(known))] + known
    return Series(WINDOW, buckets, series.add_sums(buckets))


def gauges(*stored: int | None) -> list[HourlyGauge]:
    known = [
        HourlyGauge() if n is None else HourlyGauge(n, 2, 1, memory=n * 10**6, engine=n * 10**5)
        for n in stored
    ]
    return [HourlyGauge() for _ in range(WINDOW.count - len(known))] + known


def figure_of(chart: Chart) -> dict[str, Any]:
    assert chart.figure is not None, chart.empty
    return chart.figure


ALL = [
    effectiveness.build_effectiveness_chart(
        days(0.8, None, 0.9), [plotly_parts.Mark("2026-11-21", "limit changed")]
    ),
    stored_patterns.build_stored_patterns_chart(WINDOW, gauges(3, None, 5), 1000),
    token_use.build_token_use_chart(days(0.8, None, 0.9)),
    process_memory.build_process_memory_chart(WINDOW, gauges(60, None, 70)),
    pattern_use.build_pattern_use_chart(days(0.8, None, 0.9)),
]


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.name)
def test_the_table_has_a_row_for_each_point_of_the_figure(chart: Chart) -> None:
    points = {x for trace in figure_of(chart)["data"] for x in trace["x"]}

    assert len(points) == len(chart.rows)
    assert all(len(row) == len(chart.columns) for row in chart.rows)


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.name)
def test_a_figure_is_plain_and_small(chart: Chart) -> None:
    figure = figure_of(chart)

    assert "template" not in figure["layout"]
    assert all(type(trace["y"]) is list for trace in figure["data"])
    assert figure["layout"]["xaxis"]["fixedrange"] is True


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.name)
def test_a_figure_is_what_plotly_makes_of_it(chart: Chart) -> None:
    made = go.Figure(figure_of(chart)).to_plotly_json()
    made["layout"].pop("template")

    assert made == figure_of(chart)


def test_a_part_that_plotly_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        plotly_parts.build_figure([{"type": "scatter", "line": {"colour": "red"}}], {})


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.name)
def test_the_sentence_says_what_the_line_does(chart: Chart) -> None:
    assert len(chart.sentence.split()) > 5
    assert "no data" in chart.sentence


def test_a_gap_in_the_series_is_a_gap_in_the_line_and_in_the_band() -> None:
    figure = figure_of(effectiveness.build_effectiveness_chart(days(0.7, 0.8, None, 0.9, 0.9)))
    bands = [trace for trace in figure["data"] if trace.get("fill") == "toself"]
    (line,) = [trace for trace in figure["data"] if trace.get("meta") == "percent"]

    assert line["y"][-4:-1] == [pytest.approx(0.8), None, pytest.approx(0.9)]
    assert line["connectgaps"] is False
    assert len(bands) == 2


def test_a_value_between_gaps_gets_a_dot() -> None:
    line = plotly_parts.draw_line(["a", "b", "c"], [None, 1.0, None], "n", "c1", "number")

    assert line["mode"] == "lines+markers"
    assert line["marker"]["size"] == [0, plotly_parts.DOT, 0]


def test_too_few_judged_interactions_say_what_is_missing() -> None:
    found = days(None)
    found.total.quality_count = 7

    chart = effectiveness.build_effectiveness_chart(found)

    assert chart.figure is None
    assert chart.empty == "Needs 20 interactions with a score or a success; 7 so far."


def test_the_legend_adds_up_to_the_stored_patterns() -> None:
    chart = stored_patterns.build_stored_patterns_chart(WINDOW, gauges(3, 5), 1000)

    assert [entry.value for entry in chart.legend][:3] == ["5", "2", "1"]
    assert chart.rows[-1][4] == 8
    assert "8 of 1,000" in chart.note


def test_births_and_deaths_have_a_panel_of_their_own() -> None:
    births, deaths = [0] * WINDOW.count, [0] * WINDOW.count
    births[-1], deaths[-2] = 4, 2
    chart = stored_patterns.build_stored_patterns_chart(WINDOW, gauges(3, 5), 1000, births, deaths)
    bars = [trace for trace in figure_of(chart)["data"] if trace["type"] == "bar"]

    assert [trace["yaxis"] for trace in bars] == ["y2", "y2"]
    assert bars[0]["y"][-1] == 4
    assert bars[1]["y"][-2] == -2
    assert "4 came, 2 were archived" in chart.sentence


def test_memory_and_holdout_are_drawn_each_with_its_band() -> None:
    few = [None] * (WINDOW.count - 3)
    memory = effectiveness.ArmLine([*few, 0.9, 0.8, 0.9], [0] * len(few) + [60, 70, 80])
    holdout = effectiveness.ArmLine([*few, 0.7, 0.7, 0.6], [0] * len(few) + [9, 3, 8])
    chart = effectiveness.build_effectiveness_chart(days(0.8, 0.8, 0.9), [], memory, holdout)
    figure = figure_of(chart)
    names = [trace.get("name") for trace in figure["data"] if trace.get("name")]
    (line,) = [trace for trace in figure["data"] if trace.get("name") == "Holdout"]

    assert names == ["Holdout", "With memory"]
    assert line["y"][-3:] == [0.7, None, 0.6]  # three calls are too few to be drawn
    assert chart.rows[-2][5] == 0.7  # but not too few for the table
    assert "In the holdout" in chart.sentence


def test_before_anything_is_held_out_all_calls_are_drawn() -> None:
    nothing = effectiveness.ArmLine([None] * WINDOW.count, [0] * WINDOW.count)
    chart = effectiveness.build_effectiveness_chart(days(0.8, 0.9), [], nothing, nothing)

    names = [trace.get("name") for trace in figure_of(chart)["data"] if trace.get("name")]
    assert names == ["All calls"]


def test_the_period_before_is_drawn_behind_the_present_one() -> None:
    now, before = days(0.8, 0.9), days(0.7, 0.7)
    compared = figure_of(token_use.build_token_use_chart(now, before))

    assert compared["data"][0]["name"] == "Period before"
    assert len(figure_of(token_use.build_token_use_chart(now))["data"]) == 2


def test_a_limit_near_the_values_is_drawn_with_its_name() -> None:
    near = figure_of(stored_patterns.build_stored_patterns_chart(WINDOW, gauges(3, 5), 10))
    far = figure_of(stored_patterns.build_stored_patterns_chart(WINDOW, gauges(3, 5), 1000))

    assert [note["text"] for note in near["layout"]["annotations"]] == ["limit 10"]
    assert not far["layout"].get("annotations")


def test_counts_start_at_zero() -> None:
    figure = figure_of(token_use.build_token_use_chart(days(0.8, 0.9)))

    assert figure["layout"]["yaxis"]["range"][0] == 0


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.75, 0.9], "Success rose from 75.0% on 1 November to 90.0% on 2 November."),
        ([0.9, 0.9], "Success went from 90.0% on 1 November to 90.0% on 2 November."),
        ([None, 0.9], "Success was 90.0% on 2 November, the only time with data."),
        ([None, None], "Success: no data in this range."),
    ],
)  # fmt: skip
def test_the_sentence_names_begin_end_and_gaps(values: list[float | None], text: str) -> None:
    from featurememory.templatetags.figures import percent

    assert (
        charts_chart.describe_line("Success", ["2026-11-01", "2026-11-02"], values, percent) == text
    )


def test_ticks_are_round_and_cover_the_values() -> None:
    made = plotly_parts.choose_ticks(0, 842, str)

    assert made["tickvals"] == [0, 500, 1000]
    assert made["range"][1] >= 842


def test_the_preceding_range_stands_behind_effectiveness_in_drawing_and_table() -> None:
    chart = effectiveness.build_effectiveness_chart(
        days(0.8, 0.8, 0.9), before=days(0.6, 0.7, None)
    )
    drawn = {trace.get("name"): trace for trace in figure_of(chart)["data"]}

    assert [value for value in drawn[effectiveness.BEFORE]["y"] if value is not None] == [0.6, 0.7]
    assert chart.columns[-1].title == effectiveness.BEFORE
    assert [row[-1] for row in chart.rows if row[-1] is not None] == [0.6, 0.7]
    assert chart.legend[0].name == effectiveness.BEFORE
