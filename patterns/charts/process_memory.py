"""Chart: memory of the engine against its budget, and of the whole process, over time."""

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
    find_last,
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

ENGINE_BUDGET = 100_000_000  # of what learning and deciding hold


def build_process_memory_chart(window: Window, found: Sequence[HourlyGauge]) -> Chart:
    """What the engine holds, against its budget, and the whole process beside it."""
    x, engine = window.labels(), [gauge.engine for gauge in found]
    process = [gauge.memory for gauge in found]
    chart = Chart(
        "memory",
        "Memory of the engine",
        f"What learning and deciding hold, {name_step(window)} maximum",
        (TIME, Column("Engine", "size"), Column("Whole process", "size")),
        build_table(x, engine, process),
        f"{describe_line('The memory of the engine', x, engine, figures.size)} "
        f"Its budget is {figures.size(ENGINE_BUDGET)}. "
        f"{describe_line('The whole process', x, process, figures.size)}",
        legend=(
            Legend(f"Engine {write_last(engine)}", "c4"),
            Legend(f"Whole process {write_last(process)}", "c0", dashed=True),
        ),
    )
    if not any(value is not None for value in process):
        return explain_missing_figure(
            chart, "Measured every minute while the server runs; no data in this range yet."
        )
    highest = max(1.1 * ENGINE_BUDGET, find_highest(engine, process))
    made = build_layout(window, choose_ticks(0, highest, format_axis_size))
    add_limit_line(made, ENGINE_BUDGET, f"budget of the engine {figures.size(ENGINE_BUDGET)}")
    floor_ = [None if value is None else 0 for value in engine]
    data = [
        draw_line(x, process, "Whole process", "c0", "size", dash="dot"),
        *draw_band(x, floor_, engine, "c4", 0.16),
        draw_line(x, engine, "Engine", "c4", "size"),
    ]
    return add_figure(chart, data, made)


def write_last(values: Sequence[int | None]) -> str:
    return figures.size(find_last(values))
