"""The parts of a Plotly figure: lines, bands, axes, limits, marks. Plain dicts, pure functions.

Colours are written as the stylesheet's variables ("var(--c1)", "var(--c1,.15)" with opacity);
the browser replaces them by the colours of the current theme. `plotly` is imported on the first figure only.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import floor, log10
from typing import Any, TypeAlias

from patterns.statistics.time_window import DAY, Window

Values: TypeAlias = Sequence[float | None]
DOT = 7  # pixels, a value between two gaps


LABEL_HEIGHT = 14  # pixels


@dataclass(frozen=True)
class Mark:
    """An event on the time axis, such as a changed threshold."""

    x: str
    text: str
    anchor: str = "center"  # near an edge the label grows away from it
    raised: bool = False  # its label stands above the one before, which it would touch


def find_stretches(values: Values) -> list[tuple[int, int]]:
    """The runs of values without a gap, as (first, last + 1)."""
    found: list[tuple[int, int]] = []
    for i, value in enumerate(values):
        if value is None:
            continue
        if found and found[-1][1] == i:
            found[-1] = (found[-1][0], i + 1)
        else:
            found.append((i, i + 1))
    return found


def draw_line(
    x: list[str], y: Values, name: str, colour: str, meta: str, **more: Any
) -> dict[str, Any]:
    """A line trace. A single value between two gaps is drawn as a dot, else it would be invisible."""
    lonely = {first for first, last in find_stretches(y) if last == first + 1}
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": x,
        "y": list(y),
        "name": name,
        "meta": meta,
        "mode": "lines+markers" if lonely else "lines",
        "connectgaps": False,
        "line": {"color": f"var(--{colour})", "width": 2, "dash": more.pop("dash", "solid")},
        **more,
    }
    if lonely:
        sizes = [DOT if i in lonely else 0 for i in range(len(x))]
        # Dots of several sizes are bubbles to Plotly, pale and ringed, unless told otherwise.
        trace["marker"] = {"size": sizes, "opacity": 1, "line": {"width": 0}}
        trace["cliponaxis"] = False
    return trace


def draw_band(
    x: list[str], low: Values, high: Values, colour: str, opacity: float
) -> list[dict[str, Any]]:
    """A filled area between `low` and `high`: one closed polygon for each run without gaps.

    A single value between two gaps has no width to fill: its interval is an upright line.
    """
    return [
        {
            "type": "scatter",
            "x": x[first:last] + x[first:last][::-1],
            "y": list(high[first:last]) + list(low[first:last])[::-1],
            "mode": "lines",
            "hoverinfo": "skip",
            **(
                {"line": {"width": 3, "color": f"var(--{colour},{2 * opacity})"}}
                if last == first + 1
                else {
                    "line": {"width": 0},
                    "fill": "toself",
                    "fillcolor": f"var(--{colour},{opacity})",
                }
            ),
        }
        for first, last in find_stretches(high)
    ]


def draw_bars(x: list[str], y: Values, name: str, colour: str, meta: str) -> dict[str, Any]:
    """A series of bars; with `barmode` "relative" they stack, below 0 as well."""
    return {
        "type": "bar",
        "x": x,
        "y": list(y),
        "name": name,
        "meta": meta,
        "marker": {"color": f"var(--{colour})"},
    }


def draw_before(x: list[str], y: Values, meta: str) -> dict[str, Any]:
    """The preceding range, day for day, behind the present one."""
    return draw_line(x, y, "Period before", "c0", meta, dash="dot")


def choose_ticks(low: float, high: float, write: Callable[[float], str]) -> dict[str, Any]:
    """About four round ticks that cover low to high."""
    rough = max(high - low, 1e-9) / 3.5
    power = 10.0 ** floor(log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    first, last = floor(low / step), -floor(-high / step)
    values = [round(i * step, 12) for i in range(first, last + 1)]
    return {
        "tickvals": values,
        "ticktext": [write(value) for value in values],
        "range": [values[0], values[-1] + step * 0.06],
    }


def build_axis(**more: Any) -> dict[str, Any]:
    return {
        "gridcolor": "var(--line)",
        "linecolor": "var(--line)",
        "zeroline": False,
        "fixedrange": True,
        "automargin": False,
        **more,
    }


def build_canvas(
    x: dict[str, Any], y: dict[str, Any], *, left: int = 52, right: int = 10, top: int = 8
) -> dict[str, Any]:
    """The layout shared by all charts over time; `x` and `y` add to its axes."""
    return {
        "margin": {"l": left, "r": right, "t": top, "b": 24},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "var(--surface)", "bordercolor": "var(--line-strong)"},
        "xaxis": build_axis(type="date", showgrid=False, nticks=5, **x),
        "yaxis": build_axis(**y),
        "shapes": [],
        "annotations": [],
    }


def build_layout(
    window: Window, y: dict[str, Any], *, right: int = 10, top: int = 8
) -> dict[str, Any]:
    labels = window.labels()
    days = window.step % DAY == 0
    x = {
        "range": [labels[0], labels[-1]],
        "tickformat": "%-d %b" if days else "%H:%M" if window.step == 1 else "%-d %b %H:%M",
        "hoverformat": "%a %-d %b" if days else "%-d %b %H:%M",
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "solid",
        "spikecolor": "var(--line-strong)",
    }
    return build_canvas(x, y, right=right, top=top)


def add_limit_line(made: dict[str, Any], value: float, text: str) -> None:
    """Add a dashed horizontal line with its label."""
    made["shapes"].append(
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "yref": "y",
            "y0": value,
            "y1": value,
            "line": {"color": "var(--c2)", "width": 1.3, "dash": "dash"},
        }
    )
    made["annotations"].append(
        build_annotation(
            text, "c2", xref="paper", x=0.01, xanchor="left", yref="y", y=value, yanchor="top"
        )
    )


def add_event_mark(made: dict[str, Any], event: Mark) -> None:
    """Add a dashed vertical line with its label above the plot."""
    made["shapes"].append(
        {
            "type": "line",
            "x0": event.x,
            "x1": event.x,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": {"color": "var(--text-3)", "width": 1.3, "dash": "dash"},
        }
    )
    made["annotations"].append(
        build_annotation(
            event.text,
            "text-2",
            x=event.x,
            xanchor=event.anchor,
            yref="paper",
            y=1,
            yanchor="bottom",
            yshift=LABEL_HEIGHT if event.raised else 0,
        )
    )


def build_annotation(text: str, colour: str, **where: Any) -> dict[str, Any]:
    return {
        "text": text,
        "showarrow": False,
        "font": {"size": 11, "color": f"var(--{colour})"},
        **where,
    }


def add_end_label(made: dict[str, Any], values: Values, text: str, colour: str) -> None:
    """Label a line at its end, in the right margin."""
    last = next((v for v in reversed(values) if v is not None), None)
    if last is not None:
        made["annotations"].append(
            build_annotation(text, colour, xref="paper", x=1.015, xanchor="left", yref="y", y=last)
        )


def build_figure(data: list[dict[str, Any]], made: dict[str, Any]) -> dict[str, Any]:
    """The figure as plain values, validated by plotly, without its default template (7 kB)."""
    return validate_figure(json.dumps([data, made]))


def load_plotly() -> Any:
    """Plotly's figures, imported with the first chart: half a second and 35 MB."""
    return importlib.import_module("plotly.graph_objects")


@lru_cache(maxsize=64)
def validate_figure(text: str) -> dict[str, Any]:
    """Validate a figure given as JSON. Cached: the same figure again costs nothing."""
    go = load_plotly()
    data, made = json.loads(text)
    go.Figure(data=data, layout=made)  # raises for what Plotly does not know
    # Reading the values back from plotly copies them: a third of the time of a chart.
    return {"data": data, "layout": {name: part for name, part in made.items() if part != []}}


def keep_outer_ticks(made: dict[str, Any]) -> dict[str, Any]:
    """Keep only the lowest and highest tick, for a low panel."""
    ends = slice(None, None, max(1, len(made["tickvals"]) - 1))
    return made | {"tickvals": made["tickvals"][ends], "ticktext": made["ticktext"][ends]}
