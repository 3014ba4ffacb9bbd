"""Chart: uses of patterns over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from featurememory.templatetags import figures
from patterns.charts.chart import (
    ROOM_FOR_LABELS,
    TIME,
    Chart,
    Column,
    axis_percent,
    each,
    highest,
    lowest,
    sentence,
    table,
    with_figure,
    without_figure,
)
from patterns.charts.plotly_parts import (
    axis,
    band,
    end_label,
    few,
    layout,
    line,
    note,
    ticks,
)
from patterns.statistics.series import Series, wilson


def pattern_use(series: Series) -> Chart:
    """One pattern: its effectiveness above, its matches below; two panels, not two axes in one."""
    x, counts, values = series.window.labels(), series.values("count"), series.values("quality")
    bounds = [wilson(v, n) for v, n in zip(values, series.values("quality_count"), strict=True)]
    low = [b[0] if b else None for b in bounds]
    high = [b[1] if b else None for b in bounds]
    chart = Chart(
        "use",
        "Effectiveness and matches",
        f"{each(series.window).capitalize()}, {series.window.words}, 95% interval",
        (
            TIME,
            Column("Matches", "number"),
            Column("Effectiveness", "percent"),
            Column("95% from", "percent"),
            Column("to", "percent"),
        ),
        table(x, counts, values, low, high),
        sentence("Effectiveness", x, values, figures.percent) + " " + matches_sentence(counts),
    )
    if not series.total.count:
        return without_figure(chart, f"No match in the last {series.window.words}.")
    made = layout(series.window, {}, right=ROOM_FOR_LABELS)
    made["yaxis"] |= {"domain": [0.36, 1], **ticks(lowest(low, counts), 1, axis_percent)}
    made["yaxis2"] = axis(domain=[0, 0.25], **few(ticks(0, highest(counts), figures.compact)))
    made["xaxis"]["anchor"] = "y2"
    end_label(made, values, "Effectiveness", "c1")
    made["annotations"].append(
        note("Matches", "text-2", xref="paper", x=1.015, xanchor="left", yref="paper", y=0.1)
    )
    bars: dict[str, Any] = {
        "type": "bar",
        "x": x,
        "y": counts,
        "yaxis": "y2",
        "name": "Matches",
        "meta": "number",
    }
    bars["marker"] = {"color": "var(--c0,.65)"}
    data = [
        *band(x, low, high, "c1", 0.16),
        line(x, values, "Effectiveness", "c1", "percent"),
        bars,
    ]
    return with_figure(chart, data, made)


def matches_sentence(counts: Sequence[float]) -> str:
    return f"{figures.number(sum(counts))} matches in all, at most {figures.number(max(counts))} at a time."
