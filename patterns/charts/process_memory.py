"""Chart: memory of the processes over time."""

from __future__ import annotations

from collections.abc import Sequence

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
    format_axis_size,
    name_step,
)
from patterns.charts.plotly_parts import (
    add_limit_line,
    build_layout,
    choose_ticks,
    draw_band,
    draw_line,
)
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.time_window import Window

MEMORY_BUDGET = 100_000_000


def build_process_memory_chart(window: Window, found: Sequence[HourlyGauge]) -> Chart:
    x, values = window.labels(), [gauge.memory for gauge in found]
    chart = Chart(
        "memory",
        "Engine memory",
        f"Resident memory of the process, {name_step(window)} maximum",
        (TIME, Column("Resident memory", "size")),
        build_table(x, values),
        describe_line("Resident memory", x, values, figures.size),
        legend=(Legend("Resident memory", "c4"),),
    )
    if not any(value is not None for value in values):
        return explain_missing_figure(
            chart, "Measured every minute while the server runs; no data in this range yet."
        )
    made = build_layout(
        window, choose_ticks(0, max(MEMORY_BUDGET, find_highest(values)), format_axis_size)
    )
    add_limit_line(made, MEMORY_BUDGET, f"budget {figures.size(MEMORY_BUDGET)}")
    floor_ = [None if value is None else 0 for value in values]
    data = [
        *draw_band(x, floor_, values, "c4", 0.16),
        draw_line(x, values, "Resident memory", "c4", "size"),
    ]
    return add_figure(chart, data, made)
