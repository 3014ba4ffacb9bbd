"""Chart: effectiveness over time, with memory against the holdout, with marks of changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from featurememory.templatetags import figures
from patterns.charts.chart import (
    ENOUGH,
    ROOM_FOR_LABELS,
    TIME,
    Chart,
    Column,
    Legend,
    add_figure,
    build_table,
    choose_axis_floor,
    describe_line,
    explain_missing_figure,
    find_last,
    format_axis_percent,
    name_step,
)
from patterns.charts.plotly_parts import (
    LABEL_HEIGHT,
    Mark,
    Values,
    add_end_label,
    add_event_mark,
    build_layout,
    choose_ticks,
    draw_band,
    draw_line,
)
from patterns.statistics.series import Series, wilson_interval

HOLDOUT = "Holdout"
BEFORE = "All calls, period before"
NEAR = 0.1  # of the axis: labels closer than that touch
FEW = 5  # with fewer calls in a bucket its mean is left out of the drawing, not of the table


@dataclass(frozen=True)
class ArmLine:
    """Mean quality of one arm in each bucket, and how many calls it rests on."""

    values: Values
    counts: Sequence[float]

    @property
    def bounds(self) -> list[tuple[float, float] | None]:
        pairs = zip(self.values, self.counts, strict=True)
        return [wilson_interval(value, n) if n >= FEW else None for value, n in pairs]

    @property
    def drawn(self) -> list[float | None]:
        pairs = zip(self.values, self.counts, strict=True)
        return [value if n >= FEW else None for value, n in pairs]

    @property
    def known(self) -> bool:
        return any(value is not None for value in self.drawn)


def build_effectiveness_chart(
    series: Series,
    marks: Sequence[Mark] = (),
    memory: ArmLine | None = None,
    holdout: ArmLine | None = None,
    before: Series | None = None,
) -> Chart:
    """Mean quality with its 95 % interval: with memory and in the holdout, or of all calls as long as
    nothing is held out. `before`: all calls of the preceding range, drawn behind."""
    x, values = series.window.labels(), series.values("quality")
    everything = ArmLine(values, series.values("quality_count"))
    if memory is None or holdout is None or not (memory.known and holdout.known):
        chart = describe_calls(x, everything)
        lines = [("All calls", "c1", "solid", 0.16, everything)]
    else:
        chart = describe_arms(x, name_step(series.window), memory, holdout, everything)
        lines = [
            (HOLDOUT, "c0", "dot", 0.2, holdout),
            ("With memory", "c1", "solid", 0.16, memory),
        ]
    judged = int(series.total.quality_count)
    if judged < ENOUGH:
        reason = f"Needs {ENOUGH} interactions with a score or a success; {judged} so far."
        return explain_missing_figure(chart, reason)
    if not everything.known:
        reason = (
            f"Needs {FEW} judged interactions at some point of the line; each has fewer so far."
        )
        return explain_missing_figure(chart, reason)
    if before is None:
        return draw_lines(chart, series, lines, marks)
    earlier = ArmLine(before.values("quality"), before.values("quality_count"))
    return draw_lines(add_column(chart, earlier), series, lines, marks, earlier)


def describe_calls(x: list[str], line: ArmLine) -> Chart:
    low, high = split_bounds(line)
    columns = (
        TIME,
        Column("Effectiveness", "percent"),
        Column("95% from", "percent"),
        Column("to", "percent"),
        Column("Judged interactions", "number"),
    )
    return Chart(
        "effectiveness",
        "Effectiveness over time",
        "Mean score, or success where no score was sent, with 95% interval",
        columns,
        build_table(x, line.values, low, high, line.counts),
        describe_line("Effectiveness", x, line.values, figures.percent),
    )


def describe_arms(
    x: list[str], step: str, memory: ArmLine, holdout: ArmLine, everything: ArmLine
) -> Chart:
    columns = (
        TIME,
        Column("With memory", "percent"),
        Column("95% from", "percent"),
        Column("to", "percent"),
        Column("Calls", "number"),
        Column("Holdout", "percent"),
        Column("95% from", "percent"),
        Column("to", "percent"),
        Column("Held out", "number"),
        Column("All calls", "percent"),
    )
    parts: list[Sequence[Any]] = []
    for line in (memory, holdout):
        parts += [line.values, *split_bounds(line), [round(n) for n in line.counts]]
    return Chart(
        "effectiveness",
        "Effectiveness over time",
        f"The same work with memory and without, {step}, 95% intervals",
        columns,
        build_table(x, *parts, everything.values),
        f"{describe_line('Effectiveness with memory', x, memory.drawn, figures.percent)} "
        f"{describe_line('In the holdout it', x, holdout.drawn, figures.percent)}",
    )


def add_column(chart: Chart, before: ArmLine) -> Chart:
    """The table has what the drawing has."""
    rows = [(*row, value) for row, value in zip(chart.rows, before.values, strict=True)]
    return replace(chart, columns=(*chart.columns, Column(BEFORE, "percent")), rows=rows)


def split_bounds(line: ArmLine) -> tuple[list[float | None], list[float | None]]:
    bounds = line.bounds
    return [b[0] if b else None for b in bounds], [b[1] if b else None for b in bounds]


def draw_lines(
    chart: Chart,
    series: Series,
    lines: Sequence[tuple[str, str, str, float, ArmLine]],
    marks: Sequence[Mark],
    before: ArmLine | None = None,
) -> Chart:
    x = series.window.labels()
    # The band of a small holdout may reach far below all values: the axis follows its line.
    floors = [
        choose_axis_floor(line.drawn if name == HOLDOUT else split_bounds(line)[0], line.counts)
        for name, *_, line in lines
    ]
    if before:
        floors.append(choose_axis_floor(before.drawn, before.counts))
    ticks = choose_ticks(min(floors), 1, format_axis_percent)
    made = build_layout(series.window, ticks, right=ROOM_FOR_LABELS, top=room_above(marks))
    for event in marks:
        add_event_mark(made, event)
    data: list[dict[str, Any]] = []
    legend: tuple[Legend, ...] = ()
    if before:
        data.append(draw_line(x, before.drawn, BEFORE, "c0", "percent", dash="dashdot"))
        legend = (Legend(BEFORE, "c0", dashed=True),)
    for name, colour, dash, opacity, line in lines:
        low, high = split_bounds(line)
        data += draw_band(x, low, high, colour, opacity)
        data.append(draw_line(x, line.drawn, name, colour, "percent", dash=dash))
    label_ends(made, lines)
    return add_figure(chart, data, made, legend)


def room_above(marks: Sequence[Mark]) -> int:
    return 22 + (LABEL_HEIGHT if any(mark.raised for mark in marks) else 0)


def label_ends(made: dict[str, Any], lines: Sequence[tuple[str, str, str, float, ArmLine]]) -> None:
    """A label at the end of each line; two that would touch are moved apart."""
    ends = sorted(
        (find_last(line.drawn) or 0.0, name, colour, line) for name, colour, *_, line in lines
    )
    low, high = made["yaxis"]["range"]
    close = len(ends) == 2 and ends[1][0] - ends[0][0] < NEAR * (high - low)
    for place, (_, name, colour, line) in enumerate(ends):
        add_end_label(made, line.drawn, name, "text-2" if colour == "c0" else colour)
        if close and made["annotations"]:
            made["annotations"][-1]["yshift"] = 8 if place else -8
