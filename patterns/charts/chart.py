"""A chart: a Plotly figure with its accessible text, table and legend. Pure functions.

The parts of a figure are in plotly_parts.py. A chart without enough data says what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from featurememory.templatetags import figures
from patterns.charts.plotly_parts import (
    Values,
    build_figure,
)
from patterns.statistics.time_window import DAY, Window

# With fewer judged interactions an average is mostly noise.
ENOUGH = 20
ROOM_FOR_LABELS = 96


@dataclass(frozen=True)
class Column:
    """A column of the chart's table; `kind` names its number format ("x": the time axis)."""

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
    """Everything a page shows of one chart. Without `figure`, `empty` says which data is missing."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    sentence: str = ""
    figure: dict[str, Any] | None = None
    legend: tuple[Legend, ...] = ()
    empty: str = ""


def describe_line(
    what: str, x: list[str], values: Values, write: Callable[[float | None], str]
) -> str:
    """The line described in a sentence, for screen readers."""
    known = [(label, value) for label, value in zip(x, values, strict=True) if value is not None]
    if not known:
        return f"{what}: no data in this range."
    (first, begin), (last, end) = known[0], known[-1]
    if len(known) == 1:
        return f"{what} was {write(begin)} {format_time(first)}, the only time with data."
    gaps = [label for label, value in zip(x, values, strict=True) if value is None]
    text = f"{what} {describe_movement(begin, end)} {write(begin)} {format_time(first)}"
    text += f" to {write(end)} {format_time(last)}"
    if not gaps:
        return text + "."
    where = (
        ", ".join(format_time(label) for label in gaps)
        if len(gaps) <= 3
        else f"at {len(gaps)} of {len(x)} points"
    )
    return f"{text}; no data {where}."


def describe_movement(begin: float, end: float) -> str:
    return "rose from" if end > begin else "fell from" if end < begin else "went from"


def format_time(label: str) -> str:
    at = datetime.fromisoformat(label)
    return f"at {at:%H:%M} UTC on {at.day} {at:%B}" if "T" in label else f"on {at.day} {at:%B}"


def find_highest(*many: Values) -> float:
    return max((v for values in many for v in values if v is not None), default=0.0)


def build_table(x: list[str], *columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    return list(zip(x, *columns, strict=True))


TIME = Column("Time", "x")


def choose_axis_floor(low: Values, counts: Sequence[float]) -> float:
    """Where the axis of a rate starts: below the intervals, except those of fewer than five values."""
    known = [v for v, n in zip(low, counts, strict=True) if v is not None and n >= 5]
    return max(0.0, min(known, default=0.0) - 0.02)


def format_axis_percent(value: float) -> str:
    return figures.percent(value).replace(".0%", "%")


def format_axis_duration(ms: float) -> str:
    return "0" if not ms else figures.duration(ms).replace(".00", "")


def format_axis_size(value: float) -> str:
    return "0" if not value else figures.size(value)


def find_last(values: Sequence[Any]) -> Any:
    return next((value for value in reversed(values) if value is not None), None)


def name_step(window: Window) -> str:
    if window.step == DAY or window.step % DAY:
        return {1: "hourly", DAY: "daily"}.get(window.step, f"every {window.step} hours")
    return f"every {window.step // DAY} days"


def add_figure(
    chart: Chart, data: list[dict[str, Any]], made: dict[str, Any], legend: tuple[Legend, ...] = ()
) -> Chart:
    return replace(chart, figure=build_figure(data, made), legend=legend or chart.legend)


def explain_missing_figure(chart: Chart, reason: str) -> Chart:
    return replace(chart, empty=reason, legend=())
