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
    find_last,
    format_axis_duration,
    name_step,
)
from patterns.charts.plotly_parts import (
    build_layout,
    choose_ticks,
    draw_before,
    draw_line,
)
from patterns.statistics.series import Series


def build_durations_chart(series: Series, before: Series | None = None) -> Chart:
    """`before`: the preceding range, drawn beside this one."""
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
    if find_last(p95) is None:
        reason = "No interaction in this range that succeeded reported how long it took."
        return explain_missing_figure(chart, reason)
    earlier = before.durations(0.95) if before else []
    made = build_layout(
        series.window, choose_ticks(0, find_highest(p50, p95, earlier), format_axis_duration)
    )
    data = [
        draw_line(x, p50, "p50", "c1", "duration"),
        draw_line(x, p95, "p95", "c2", "duration", dash="dash"),
    ]
    legend = [Legend("p50", "c1"), Legend("p95", "c2", dashed=True)]
    if before:
        data.insert(0, draw_before(x, earlier, "duration"))
        legend.append(Legend("p95, period before", "c0", dashed=True))
    return add_figure(chart, data, made, tuple(legend))
