"""Chart: effectiveness over time, with marks of changes."""

from __future__ import annotations

from collections.abc import Sequence

from featurememory.templatetags import figures
from patterns.charts.chart import (
    ENOUGH,
    ROOM_FOR_LABELS,
    TIME,
    Chart,
    Column,
    axis_percent,
    lowest,
    sentence,
    table,
    with_figure,
    without_figure,
)
from patterns.charts.plotly_parts import (
    Mark,
    band,
    end_label,
    layout,
    line,
    mark,
    ticks,
)
from patterns.statistics.series import Series, wilson

# --- the charts ----------------------------------------------------------------------------------


def effectiveness(series: Series, marks: Sequence[Mark] = ()) -> Chart:
    """Mean quality of all interactions with its 95 % interval. No holdout line: nothing is held out."""
    x, values = series.window.labels(), series.values("quality")
    counts = series.values("quality_count")
    bounds = [wilson(value, n) for value, n in zip(values, counts, strict=True)]
    low = [b[0] if b else None for b in bounds]
    high = [b[1] if b else None for b in bounds]
    columns = (
        TIME,
        Column("Effectiveness", "percent"),
        Column("95% from", "percent"),
        Column("to", "percent"),
        Column("Judged interactions", "number"),
    )
    chart = Chart(
        "effectiveness",
        "Effectiveness over time",
        "Mean score, or success where no score was sent, with 95% interval",
        columns,
        table(x, values, low, high, counts),
        sentence("Effectiveness", x, values, figures.percent),
    )
    judged = int(series.total.quality_count)
    if judged < ENOUGH:
        reason = f"Needs {ENOUGH} interactions with a score or a success; {judged} so far."
        return without_figure(chart, reason)
    made = layout(
        series.window, ticks(lowest(low, counts), 1, axis_percent), right=ROOM_FOR_LABELS, top=22
    )
    for event in marks:
        mark(made, event)
    end_label(made, values, "All calls", "c1")
    data = [*band(x, low, high, "c1", 0.16), line(x, values, "Effectiveness", "c1", "percent")]
    return with_figure(chart, data, made)
