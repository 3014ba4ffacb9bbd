"""Chart: p50 and p95 of durations over time."""

from __future__ import annotations

from featurememory.templatetags import figures
from patterns.charts.chart import (
    TIME,
    Chart,
    Column,
    Legend,
    add_figure,
    build_table,
    describe_line,
    explain_missing_figure,
    find_highest,
    format_axis_duration,
    name_step,
)
from patterns.charts.plotly_parts import (
    build_layout,
    choose_ticks,
    draw_line,
)
from patterns.statistics.series import Series


def build_durations_chart(series: Series) -> Chart:
    x = series.window.labels()
    p50, p95 = series.durations(0.5), series.durations(0.95)
    chart = Chart(
        "duration",
        "Model duration",
        f"p50 and p95, {name_step(series.window)}",
        (
            TIME,
            Column("p50", "duration"),
            Column("p95", "duration"),
            Column("Interactions", "number"),
        ),
        build_table(x, p50, p95, series.values("count")),
        describe_line("The 95th percentile of the duration", x, p95, figures.duration),
    )
    if not series.total.count:
        return explain_missing_figure(chart, "No interaction in this range.")
    made = build_layout(
        series.window, choose_ticks(0, find_highest(p50, p95), format_axis_duration)
    )
    data = [
        draw_line(x, p50, "p50", "c1", "duration"),
        draw_line(x, p95, "p95", "c2", "duration", dash="dash"),
    ]
    return add_figure(chart, data, made, (Legend("p50", "c1"), Legend("p95", "c2", dashed=True)))
