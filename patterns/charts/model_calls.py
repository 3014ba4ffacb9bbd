"""Chart: calls of a pattern over time, by the model that served them."""

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
    name_step,
)
from patterns.charts.plotly_parts import build_layout, choose_ticks, draw_bars
from patterns.statistics.rollups import ALL_TIME
from patterns.statistics.series import Hours
from patterns.statistics.time_window import Window

COLOURS = ("c1", "c2", "c3", "c4", "c0")
OTHERS = "Other models"


def count_calls(window: Window, rows: Hours) -> dict[str, list[float]]:
    """Calls in each bucket by model, most used first; from the fifth on they are one."""
    found: dict[str, list[float]] = {}
    for hour, model_id, _, count, *_ in rows:
        place = window.bucket(hour)
        if hour != ALL_TIME and place is not None:
            found.setdefault(model_id, [0.0] * window.count)[place] += count
    ranked = sorted(found.items(), key=lambda item: -sum(item[1]))
    if len(ranked) <= len(COLOURS):
        return dict(ranked)
    rest = [values for _, values in ranked[len(COLOURS) - 1 :]]
    return {
        **dict(ranked[: len(COLOURS) - 1]),
        OTHERS: [sum(column) for column in zip(*rest, strict=True)],
    }


def build_model_calls_chart(window: Window, rows: Hours) -> Chart:
    x, calls = window.labels(), count_calls(window, rows)
    total = [sum(column) for column in zip(*calls.values(), strict=True)] or [0.0] * window.count
    chart = Chart(
        "models",
        "Calls by model",
        f"Which model served it, {name_step(window)}",
        (TIME, *(Column(name, "number") for name in calls), Column("All", "number")),
        build_table(x, *calls.values(), total),
        f"{describe_line('The number of calls', x, total, figures.number)} "
        + ", ".join(f"{name} {figures.number(sum(values))}" for name, values in calls.items()),
        legend=tuple(
            Legend(name, colour, figures.number(sum(values)))
            for (name, values), colour in zip(calls.items(), COLOURS, strict=False)
        ),
    )
    if not calls:
        return explain_missing_figure(chart, f"No call in the last {window.words}.")
    made = build_layout(window, choose_ticks(0, max(total), figures.compact))
    made |= {"barmode": "relative", "bargap": 0.25}
    data = [
        draw_bars(x, values, name, colour, "number")
        for (name, values), colour in zip(calls.items(), COLOURS, strict=False)
    ]
    return add_figure(chart, data, made)
