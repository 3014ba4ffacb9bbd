"""Chart: p50 and p95 of durations over time."""

from __future__ import annotations

from featurememory.templatetags import figures
from patterns.charts.chart import (
    TIME,
    Chart,
    Column,
    Legend,
    axis_duration,
    each,
    highest,
    sentence,
    table,
    with_figure,
    without_figure,
)
from patterns.charts.plotly_parts import (
    layout,
    line,
    ticks,
)
from patterns.statistics.series import Series


def durations(series: Series) -> Chart:
    x = series.window.labels()
    p50, p95 = series.durations(0.5), series.durations(0.95)
    chart = Chart(
        "duration",
        "Model duration",
        f"p50 and p95, {each(series.window)}",
        (
            TIME,
            Column("p50", "duration"),
            Column("p95", "duration"),
            Column("Interactions", "number"),
        ),
        table(x, p50, p95, series.values("count")),
        sentence("The 95th percentile of the duration", x, p95, figures.duration),
    )
    if not series.total.count:
        return without_figure(chart, "No interaction in this range.")
    made = layout(series.window, ticks(0, highest(p50, p95), axis_duration))
    data = [
        line(x, p50, "p50", "c1", "duration"),
        line(x, p95, "p95", "c2", "duration", dash="dash"),
    ]
    return with_figure(chart, data, made, (Legend("p50", "c1"), Legend("p95", "c2", dashed=True)))
