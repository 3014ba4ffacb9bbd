"""Series as Plotly figures, each with its twin: a sentence, a table, a legend. Pure functions.

The parts of a figure are in plots.py. A chart that has too little to say says what it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from featurememory.templatetags import figures
from patterns.gauges import Gauge
from patterns.plots import (
    Mark,
    Values,
    axis,
    band,
    end_label,
    few,
    figure,
    layout,
    limit,
    line,
    mark,
    note,
    ticks,
)
from patterns.series import Series, wilson
from patterns.window import Window

# Below this many judged interactions an average says more about chance than about the memory.
ENOUGH = 20
MEMORY_BUDGET = 100_000_000
ROOM_FOR_LABELS = 96


@dataclass(frozen=True)
class Column:
    """A column of the table twin; `kind` names its number format ("x": the time axis)."""

    title: str
    kind: str


@dataclass(frozen=True)
class Legend:
    name: str
    colour: str
    value: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Everything a page says about one chart. Without `figure`, `empty` says what will fill it."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    sentence: str = ""
    figure: dict[str, Any] | None = None
    legend: tuple[Legend, ...] = ()
    empty: str = ""


def sentence(what: str, x: list[str], values: Values, write: Callable[[float | None], str]) -> str:
    """What a line shows, for those who do not see it."""
    known = [(label, value) for label, value in zip(x, values, strict=True) if value is not None]
    if not known:
        return f"{what}: no data in this range."
    (first, begin), (last, end) = known[0], known[-1]
    gaps = [label for label, value in zip(x, values, strict=True) if value is None]
    if len(known) == 1:
        text = f"{what} was {write(begin)} {spoken(first)}, the only time with data"
    else:
        text = f"{what} {moved(begin, end)} {write(begin)} {spoken(first)}"
        text += f" to {write(end)} {spoken(last)}"
    if not gaps:
        return text + "."
    where = (
        ", ".join(spoken(label) for label in gaps)
        if len(gaps) <= 3
        else f"at {len(gaps)} of {len(x)} points"
    )
    return f"{text}; no data {where}."


def moved(begin: float, end: float) -> str:
    return "rose from" if end > begin else "fell from" if end < begin else "went from"


def spoken(label: str) -> str:
    at = datetime.fromisoformat(label)
    return f"at {at:%H:%M} UTC on {at.day} {at:%B}" if "T" in label else f"on {at.day} {at:%B}"


def highest(*many: Values) -> float:
    return max((v for values in many for v in values if v is not None), default=0.0)


def table(x: list[str], *columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    return list(zip(x, *columns, strict=True))


TIME = Column("Time", "x")


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


def stored_patterns(window: Window, found: Sequence[Gauge], most: int) -> Chart:
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


def tokens(series: Series) -> Chart:
    x = series.window.labels()
    prompt = [bucket.mean("input_tokens") for bucket in series.buckets]
    completion = [bucket.mean("output_tokens") for bucket in series.buckets]
    both = series.values("tokens")
    chart = Chart(
        "tokens",
        "Tokens per interaction",
        f"Mean, {each(series.window)}",
        (TIME, Column("Prompt", "number"), Column("Completion", "number"), Column("All", "number")),
        table(x, prompt, completion, both),
        sentence("The mean of tokens per interaction", x, both, figures.number),
    )
    if not series.total.tokens_count:
        return without_figure(
            chart, "No interaction in this range told its tokens (usage or token_count)."
        )
    split = any(value is not None for value in prompt + completion)
    made = layout(
        series.window,
        ticks(0, highest(prompt, completion) if split else highest(both), figures.compact),
    )
    if not split:
        return with_figure(
            chart, [line(x, both, "Tokens", "c1", "number")], made, (Legend("Tokens", "c1"),)
        )
    data = [
        line(x, prompt, "Prompt", "c1", "number"),
        line(x, completion, "Completion", "c3", "number", dash="dash"),
    ]
    return with_figure(
        chart, data, made, (Legend("Prompt", "c1"), Legend("Completion", "c3", dashed=True))
    )


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


def lowest(low: Values, counts: Sequence[float]) -> float:
    """Where the axis of a rate starts: below the intervals, except those of fewer than five values."""
    told = [v for v, n in zip(low, counts, strict=True) if v is not None and n >= 5]
    return max(0.0, min(told, default=0.0) - 0.02)


def axis_percent(value: float) -> str:
    return figures.percent(value).replace(".0%", "%")


def axis_duration(ms: float) -> str:
    return "0" if not ms else figures.duration(ms).replace(".00", "")


def axis_size(value: float) -> str:
    return "0" if not value else figures.size(value)


def memory(window: Window, found: Sequence[Gauge]) -> Chart:
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


def last_of(values: Sequence[Any]) -> Any:
    return next((value for value in reversed(values) if value is not None), None)


def each(window: Window) -> str:
    return {1: "hourly", 6: "every 6 hours"}.get(window.step, "daily")


def with_figure(
    chart: Chart, data: list[dict[str, Any]], made: dict[str, Any], legend: tuple[Legend, ...] = ()
) -> Chart:
    return replace(chart, figure=figure(data, made), legend=legend or chart.legend)


def without_figure(chart: Chart, reason: str) -> Chart:
    return replace(chart, empty=reason, legend=())
