"""Chart: effectiveness over time, with marks of changes."""

from __future__ import annotations

from collections.abc import Sequence

from featurememory.templatetags import figures
from patterns.charts.chart import (
    ENOUGH,
    ROOM_FOR_LABELS,
    TIME,
    Chart,
    Column,
    add_figure,
    build_table,
    choose_axis_floor,
    describe_line,
    explain_missing_figure,
    format_axis_percent,
)
from patterns.charts.plotly_parts import (
    Mark,
    add_end_label,
    add_event_mark,
    build_layout,
    choose_ticks,
    draw_band,
    draw_line,
)
from patterns.statistics.series import Series, wilson_interval


def build_effectiveness_chart(series: Series, marks: Sequence[Mark] = ()) -> Chart:
    """Mean quality of all interactions with its 95 % interval. No holdout line: nothing is held out."""
    x, values = series.window.labels(), series.values("quality")
    counts = series.values("quality_count")
    bounds = [wilson_interval(value, n) for value, n in zip(values, counts, strict=True)]
    low = [b[0] if b else None for b in bounds]
    high = [b[1] if b else None for b in bounds]
    columns = (
        TIME,
        Column("Effectiveness", "percent"),
        Column("95% from", "percent"),
        Column("to", "percent"),
        Column("Judged interactions", "number"),
    )
    chart = Chart(
        "effectiveness",
        "Effectiveness over time",
        "Mean score, or success where no score was sent, with 95% interval",
        columns,
        build_table(x, values, low, high, counts),
        describe_line("Effectiveness", x, values, figures.percent),
    )
    judged = int(series.total.quality_count)
    if judged < ENOUGH:
        reason = f"Needs {ENOUGH} interactions with a score or a success; {judged} so far."
        return explain_missing_figure(chart, reason)
    made = build_layout(
        series.window,
        choose_ticks(choose_axis_floor(low, counts), 1, format_axis_percent),
        right=ROOM_FOR_LABELS,
        top=22,
    )
    for event in marks:
        add_event_mark(made, event)
    add_end_label(made, values, "All calls", "c1")
    data = [
        *draw_band(x, low, high, "c1", 0.16),
        draw_line(x, values, "Effectiveness", "c1", "percent"),
    ]
    return add_figure(chart, data, made)
