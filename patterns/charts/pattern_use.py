"""Chart: uses of patterns over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from featurememory.templatetags import figures
from patterns.charts.chart import (
    ROOM_FOR_LABELS,
    TIME,
    Chart,
    Column,
    add_figure,
    build_table,
    choose_axis_floor,
    describe_line,
    explain_missing_figure,
    find_highest,
    find_last,
    format_axis_percent,
    name_step,
)
from patterns.charts.plotly_parts import (
    add_end_label,
    build_annotation,
    build_axis,
    build_layout,
    choose_ticks,
    draw_band,
    draw_line,
    keep_outer_ticks,
)
from patterns.statistics.series import Series, wilson_interval

UNJUDGED = "No score or success was reported"
MIDDLE = {"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.7}


def build_pattern_use_chart(series: Series) -> Chart:
    """One pattern: its effectiveness above, its matches below; two panels, not two axes in one."""
    x, counts, values = series.window.labels(), series.values("count"), series.values("quality")
    bounds = [
        wilson_interval(v, n) for v, n in zip(values, series.values("quality_count"), strict=True)
    ]
    low = [b[0] if b else None for b in bounds]
    high = [b[1] if b else None for b in bounds]
    chart = Chart(
        "use",
        "Effectiveness and matches",
        f"{name_step(series.window).capitalize()}, {series.window.words}, 95% interval",
        (
            TIME,
            Column("Matches", "number"),
            Column("Effectiveness", "percent"),
            Column("95% from", "percent"),
            Column("to", "percent"),
        ),
        build_table(x, counts, values, low, high),
        describe_line("Effectiveness", x, values, figures.percent) + " " + describe_matches(counts),
    )
    if not series.total.count:
        return explain_missing_figure(chart, f"No match in the last {series.window.words}.")
    made = build_layout(series.window, {}, right=ROOM_FOR_LABELS)
    made["yaxis"] |= {
        "domain": [0.36, 1],
        **choose_ticks(choose_axis_floor(low, counts), 1, format_axis_percent),
    }
    made["yaxis2"] = build_axis(
        domain=[0, 0.25], **keep_outer_ticks(choose_ticks(0, find_highest(counts), figures.compact))
    )
    made["xaxis"]["anchor"] = "y2"
    add_end_label(made, values, "Effectiveness", "c1")
    if find_last(values) is None:
        made["annotations"].append(build_annotation(UNJUDGED, "text-2", **MIDDLE))
    made["annotations"].append(
        build_annotation(
            "Matches", "text-2", xref="paper", x=1.015, xanchor="left", yref="paper", y=0.1
        )
    )
    bars: dict[str, Any] = {
        "type": "bar",
        "x": x,
        "y": counts,
        "yaxis": "y2",
        "name": "Matches",
        "meta": "number",
    }
    bars["marker"] = {"color": "var(--c0,.65)"}
    data = [
        *draw_band(x, low, high, "c1", 0.16),
        draw_line(x, values, "Effectiveness", "c1", "percent"),
        bars,
    ]
    return add_figure(chart, data, made)


def describe_matches(counts: Sequence[float]) -> str:
    return f"{figures.number(sum(counts))} matches in all, at most {figures.number(max(counts))} at a time."
