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
    highest,
    last_of,
    sentence,
    table,
    with_figure,
    without_figure,
)
from patterns.charts.plotly_parts import (
    Values,
    band,
    layout,
    limit,
    line,
    ticks,
)
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.time_window import Window


def stored_patterns(window: Window, found: Sequence[HourlyGauge], most: int) -> Chart:
    """Stored patterns by state, one above the other, with the limit."""
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
        f"Stored patterns by state · {figures.number(now)} of {most:,}",
        (TIME, *(Column(name, "number") for name, _, _ in states), Column("All", "number")),
        table(x, *columns.values(), stored),
        sentence("The number of stored patterns", x, stored, figures.number),
        legend=tuple(
            Legend(name, colour, figures.number(last_of(columns[key])))
            for name, colour, key in states
        ),
    )
    if now is None:
        return without_figure(
            chart, "Counted every minute while the server runs; nothing in this range yet."
        )
    made = layout(
        window,
        ticks(0, max(highest(stored), most if most <= 4 * highest(stored) else 0), figures.compact),
    )
    data, base = [], [0 if value is not None else None for value in stored]
    for name, colour, key in states:
        top = [None if b is None else b + (v or 0) for b, v in zip(base, columns[key], strict=True)]
        data += band(x, base, top, colour, 0.3)
        data.append(stacked_line(x, top, columns[key], name, colour))
        base = top
    if most <= 4 * highest(stored):
        limit(made, most, f"limit {most:,}")
    return with_figure(chart, data, made)


def stacked_line(x: list[str], top: Values, own: Values, name: str, colour: str) -> dict[str, Any]:
    """The upper edge of a layer; the hover text is the layer's own value."""
    text = [figures.number(value) for value in own]
    trace = line(x, top, name, colour, "", text=text, hovertemplate="%{text}")
    trace["line"]["width"] = 1.4
    return trace
