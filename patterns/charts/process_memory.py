"""Chart: memory of the processes over time."""

from __future__ import annotations

from collections.abc import Sequence

from featurememory.templatetags import figures
from patterns.charts.chart import (
    TIME,
    Chart,
    Column,
    Legend,
    axis_size,
    each,
    highest,
    sentence,
    table,
    with_figure,
    without_figure,
)
from patterns.charts.plotly_parts import (
    band,
    layout,
    limit,
    line,
    ticks,
)
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.time_window import Window

MEMORY_BUDGET = 100_000_000


def memory(window: Window, found: Sequence[HourlyGauge]) -> Chart:
    x, values = window.labels(), [gauge.memory for gauge in found]
    chart = Chart(
        "memory",
        "Engine memory",
        f"Resident memory of the process, {each(window)} maximum",
        (TIME, Column("Resident memory", "size")),
        table(x, values),
        sentence("Resident memory", x, values, figures.size),
        legend=(Legend("Resident memory", "c4"),),
    )
    if not any(value is not None for value in values):
        return without_figure(
            chart, "Measured every minute while the server runs; nothing in this range yet."
        )
    made = layout(window, ticks(0, max(MEMORY_BUDGET, highest(values)), axis_size))
    limit(made, MEMORY_BUDGET, f"budget {figures.size(MEMORY_BUDGET)}")
    floor_ = [None if value is None else 0 for value in values]
    data = [*band(x, floor_, values, "c4", 0.16), line(x, values, "Resident memory", "c4", "size")]
    return with_figure(chart, data, made)
