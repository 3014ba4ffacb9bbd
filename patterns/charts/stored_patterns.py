"""Chart: stored patterns by status over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
)
from patterns.charts.plotly_parts import (
    Values,
    add_limit_line,
    build_layout,
    choose_ticks,
    draw_band,
    draw_line,
)
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.time_window import Window


def build_stored_patterns_chart(window: Window, found: Sequence[HourlyGauge], most: int) -> Chart:
    """Stored patterns by status, stacked, with the limit as a line."""
    x = window.labels()
    states = (
        ("Validated", "c1", "validated"),
        ("Candidate", "c0", "candidates"),
        ("Drifting", "c2", "drifting"),
    )
    columns = {key: [getattr(gauge, key) for gauge in found] for _, _, key in states}
    stored = [gauge.stored for gauge in found]
    now = next((value for value in reversed(stored) if value is not None), None)
    chart = Chart(
        "patterns",
        "Patterns over time",
        f"Stored patterns by status · {figures.number(now)} of {most:,}",
        (TIME, *(Column(name, "number") for name, _, _ in states), Column("All", "number")),
        build_table(x, *columns.values(), stored),
        describe_line("The number of stored patterns", x, stored, figures.number),
        legend=tuple(
            Legend(name, colour, figures.number(find_last(columns[key])))
            for name, colour, key in states
        ),
    )
    if now is None:
        return explain_missing_figure(
            chart, "Counted every minute while the server runs; no data in this range yet."
        )
    made = build_layout(
        window,
        choose_ticks(
            0,
            max(find_highest(stored), most if most <= 4 * find_highest(stored) else 0),
            figures.compact,
        ),
    )
    data, base = [], [0 if value is not None else None for value in stored]
    for name, colour, key in states:
        top = [None if b is None else b + (v or 0) for b, v in zip(base, columns[key], strict=True)]
        data += draw_band(x, base, top, colour, 0.3)
        data.append(draw_stacked_line(x, top, columns[key], name, colour))
        base = top
    if most <= 4 * find_highest(stored):
        add_limit_line(made, most, f"limit {most:,}")
    return add_figure(chart, data, made)


def draw_stacked_line(
    x: list[str], top: Values, own: Values, name: str, colour: str
) -> dict[str, Any]:
    """The upper edge of a layer; the hover text is the layer's own value."""
    text = [figures.number(value) for value in own]
    trace = draw_line(x, top, name, colour, "", text=text, hovertemplate="%{text}")
    trace["line"]["width"] = 1.4
    return trace
