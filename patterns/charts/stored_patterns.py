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
    build_axis,
    build_layout,
    choose_ticks,
    draw_band,
    draw_bars,
    draw_line,
)
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.time_window import Window

STATES = (
    ("Validated", "c1", "validated"),
    ("Candidate", "c0", "candidates"),
    ("Drifting", "c2", "drifting"),
)


def build_stored_patterns_chart(
    window: Window,
    found: Sequence[HourlyGauge],
    most: int,
    births: Sequence[int] = (),
    deaths: Sequence[int] = (),
) -> Chart:
    """Stored patterns by status, stacked, with the limit as a line; below it who came and who went."""
    x = window.labels()
    births, deaths = births or [0] * window.count, deaths or [0] * window.count
    columns = {key: [getattr(gauge, key) for gauge in found] for _, _, key in STATES}
    stored = [gauge.stored for gauge in found]
    now = find_last(stored)
    of_limit = "" if now is None else f", {figures.number(now)} of {most:,} allowed"
    chart = Chart(
        "patterns",
        "Patterns over time",
        f"By status{of_limit}; below, those that came and went",
        (
            TIME,
            *(Column(name, "number") for name, _, _ in STATES),
            Column("All", "number"),
            Column("New", "number"),
            Column("Archived", "number"),
        ),
        build_table(x, *columns.values(), stored, births, deaths),
        f"{describe_line('The number of stored patterns', x, stored, figures.number)} "
        f"{sum(births):,} came, {sum(deaths):,} were archived.",
        legend=(
            *(
                Legend(name, colour, figures.number(find_last(columns[key])))
                for name, colour, key in STATES
            ),
            Legend("New", "c3", f"{sum(births):,}"),
            Legend("Archived", "c4", f"{sum(deaths):,}"),
        ),
    )
    if now is None:
        return explain_missing_figure(
            chart, "Counted every minute while the server runs; no data in this range yet."
        )
    made = build_panels(window, found, most, max(1, *births, *deaths))
    gone = [-n for n in deaths]
    data = [
        *draw_states(x, columns, stored),
        {**draw_bars(x, births, "New", "c3", "number"), "yaxis": "y2"},
        {**draw_bars(x, gone, "Archived", "c4", "number"), "yaxis": "y2"},
    ]
    return add_figure(chart, data, made)


def build_panels(
    window: Window, found: Sequence[HourlyGauge], most: int, moved: int
) -> dict[str, Any]:
    """The stack above, a low panel for births and deaths below; the limit only when it is near."""
    highest = find_highest([gauge.stored for gauge in found])
    near = most <= 4 * highest
    made = build_layout(window, choose_ticks(0, most if near else highest, figures.compact))
    made["yaxis"]["domain"] = [0.3, 1]
    ticks = {"tickvals": [-moved, 0, moved], "range": [-1.1 * moved, 1.1 * moved]}
    names = [f"{moved:,}", "0", f"{moved:,}"]
    made["yaxis2"] = build_axis(domain=[0, 0.2], ticktext=names, **ticks)
    made["xaxis"]["anchor"] = "y2"
    made |= {"barmode": "relative", "bargap": 0.3}
    if near:
        add_limit_line(made, most, f"limit {most:,}")
    return made


def draw_states(
    x: list[str], columns: dict[str, list[int | None]], stored: Sequence[int | None]
) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = []
    base: list[float | None] = [0 if value is not None else None for value in stored]
    for name, colour, key in STATES:
        pairs = zip(base, columns[key], strict=True)
        top = [None if below is None else below + (own or 0) for below, own in pairs]
        data += draw_band(x, base, top, colour, 0.38)
        data.append(draw_stacked_line(x, top, columns[key], name, colour))
        base = top
    return data


def draw_stacked_line(
    x: list[str], top: Values, own: Values, name: str, colour: str
) -> dict[str, Any]:
    """The upper edge of a layer; the hover text is the layer's own value."""
    text = [figures.number(value) for value in own]
    trace = draw_line(x, top, name, colour, "", text=text, hovertemplate="%{text}")
    trace["line"]["width"] = 1.4
    return trace
