"""Drawings of evidence: whiskers on one common axis (SVG), and the effect over time (Plotly)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from featurememory.templatetags import figures
from optimizations.models import EvidencePoint, OptimizationEvent
from patterns.charts.chart import Chart, Column, Legend, describe_line
from patterns.charts.plotly_parts import Mark as Event
from patterns.charts.plotly_parts import (
    add_event_mark,
    add_limit_line,
    build_canvas,
    build_figure,
    choose_ticks,
    draw_band,
    draw_line,
)

Interval: TypeAlias = tuple[float, float, float]
NARROWEST = 0.02
WRITTEN = "%Y-%m-%dT%H:%M:%S"
APART = 0.13  # of the time axis between two marks: their labels are that long
EDGE = 0.12  # of the time axis, in which a label grows away from the edge


@dataclass(frozen=True)
class Scale:
    """The axis that all rows share, in points of utility."""

    low: float
    high: float

    def x(self, value: float) -> int:
        """0 to 200, cut off at the ends: whole numbers keep a list of fifty light."""
        place = (value - self.low) / (self.high - self.low)
        return round(200 * min(1.0, max(0.0, place)))


@dataclass(frozen=True)
class Whisker:
    """One interval on the axis. `tone` is good, bad or c0; it is never the only sign."""

    left: int
    right: int
    middle: int
    zero: int
    tone: str
    label: str
    span: str

    @property
    def width(self) -> int:
        return max(2, self.right - self.left)

    @property
    def square(self) -> int:
        return self.middle - 3


def fit_scale(intervals: Sequence[Interval]) -> Scale:
    """An axis that includes 0 and all informative intervals; wider ones do not stretch it."""
    telling = [i for i in intervals if i[2] - i[1] < 1.0]
    low = min([-NARROWEST, *(low for _, low, _ in telling)])
    high = max([NARROWEST, *(high for _, _, high in telling)])
    room = 0.05 * (high - low)
    return Scale(low - room, high + room)


def draw_whisker(interval: Interval, scale: Scale, n: int) -> Whisker | None:
    """None while nothing was measured."""
    point, low, high = interval
    if not n or (low <= -1 and high >= 1):
        return None
    tone = "good" if low > 0 else "bad" if high < 0 else "c0"
    span = f"{figures.points(low)} to {figures.points(high)}"
    places = (scale.x(low), scale.x(high), scale.x(point), scale.x(0.0))
    return Whisker(*places, tone, figures.points(point), span)


def draw_effect(
    name: str, points: Sequence[EvidencePoint], events: Sequence[OptimizationEvent]
) -> Chart:
    """Effect and always-valid interval as outcomes came in."""
    x = [moment(point.moment) for point in points]
    effect = [point.point for point in points]
    low, high = [point.low for point in points], [point.high for point in points]
    chart = Chart(
        name,
        "Effect over time",
        "Points against the holdout, with an interval that stays valid however often you look",
        (
            Column("Time", "x"),
            Column("Effect", "points"),
            Column("95% from", "points"),
            Column("to", "points"),
            Column("Outcomes", "number"),
        ),
        list(zip(x, effect, low, high, [point.n for point in points], strict=True)),
        describe_line("Effect", x, effect, figures.points),
    )
    if not any(value is not None for value in effect):
        return replace(chart, empty="Needs 10 outcomes in both arms to draw a line.")
    shown = build_figure(
        [*draw_band(x, low, high, "c1", 0.15), draw_line(x, effect, "Effect", "c1", "points")],
        draw_axes(x, [*low, *high], events),
    )
    legend = (Legend("Effect", "c1"), Legend("95% interval", "c1", dashed=True))
    return replace(chart, figure=shown, legend=legend)


def axis_range(bounds: Sequence[float | None]) -> tuple[float, float]:
    """An axis that holds 0 and the later half of the intervals: the first ones know nothing yet."""
    half = len(bounds) // 2
    later = [*bounds[half // 2 : half], *bounds[half + half // 2 :]]
    known = [min(1.0, max(-1.0, value)) for value in later if value is not None]
    return min([-NARROWEST, *known]), max([NARROWEST, *known])


def draw_axes(
    x: list[str], bounds: Sequence[float | None], events: Sequence[OptimizationEvent]
) -> dict[str, object]:
    first, last = find_ends(x, events)
    made = build_canvas(
        {
            "range": [first, last],
            "tickformat": choose_time_format(first, last),
            "hoverformat": "%-d %b %H:%M",
        },
        choose_ticks(*axis_range(bounds), write_tick),
        left=62,
        right=12,
        top=22,
    )
    add_limit_line(made, 0.0, "no effect")
    for at, text in choose_marks(first, last, events):
        add_event_mark(made, Event(at, text, choose_side(at, first, last)))
    return made


def find_ends(x: list[str], events: Sequence[OptimizationEvent]) -> tuple[str, str]:
    """From the first point to the last point or event; a single moment has room on both sides."""
    first, last = x[0], max([x[-1], *(moment(event.moment) for event in events)])
    if first < last:
        return first, last
    at, room = datetime.fromisoformat(first), timedelta(hours=1)
    return (at - room).strftime(WRITTEN), (at + room).strftime(WRITTEN)


def choose_marks(
    first: str, last: str, events: Sequence[OptimizationEvent]
) -> list[tuple[str, str]]:
    """The newest changes of state inside the axis whose labels do not touch, oldest first."""
    chosen: list[tuple[str, str]] = []
    apart = APART * (datetime.fromisoformat(last) - datetime.fromisoformat(first))
    free = None
    for event in sorted(events, key=lambda one: one.moment, reverse=True):
        at = moment(event.moment)
        here = datetime.fromisoformat(at)
        if event.after == event.before or at < first or (free and here > free):
            continue
        chosen.append((at, event.after))
        free = here - apart
    return chosen[::-1]


def write_tick(value: float) -> str:
    return figures.points(value) if value else "0"


def choose_time_format(first: str, last: str) -> str:
    """Within some days the hour is written too: else one day stands at several ticks."""
    begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    if begin.date() == end.date():
        return "%H:%M"
    return "%-d %b %H:%M" if end - begin < timedelta(days=5) else "%-d %b"


def choose_side(at: str, first: str, last: str) -> str:
    """Where the label of a mark grows to, so that it stays inside the chart."""
    begin, end, here = (datetime.fromisoformat(text) for text in (first, last, at))
    share = (here - begin) / (end - begin) if end > begin else 0.5
    return "left" if share < EDGE else "right" if share > 1 - EDGE else "center"


def moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime(WRITTEN)
