"""Server-rendered SVG: icons, sparklines, bars, templates with coloured slots.

SVG attributes instead of styles, because the content security policy forbids inline styles. Numbers and
class names from templates are not escaped, because a list of 200 rows draws 400 of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
SLOT_COLOURS = 5
IDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def bar(value: float | None, mark: float | None = None, css: str = "bar") -> SafeString:
    """A bar of 0 to 1 with an optional mark; its colour shows on which side of the mark it is."""
    filled = round(100 * min(1.0, max(0.0, value or 0.0)))
    if mark is not None and (value or 0) < mark:
        css += " mid" if (value or 0) >= mark / 2 else " low"
    line = (
        ""
        if mark is None
        else f'<rect class="m" x="{round(100 * mark) - 1}" width="2" height="8"/>'
    )
    return mark_safe(
        f'<svg class="{css}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="t" d="M0 2h100v4H0z"/><path class="v" d="M0 2h{filled}v4H0z"/>{line}</svg>'
    )


def runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Stretches without a gap, as (position, value)."""
    found: list[list[tuple[int, float]]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append((i, value))
    return [run for run in found if run]


@register.simple_tag
def spark(values: Sequence[float | None], css: str = "", zero: bool = False) -> SafeString:
    """A line of the values over a soft area; a gap stays a gap. `zero`: the floor is 0."""
    known = [v for v in values if v is not None]
    if not known:
        return SafeString("")
    low, high = 0 if zero else min(known), max(known)
    up = 21 / ((high - low) or 1)
    drawn = [
        (run[0][0], [round(22 - (value - low) * up) for _, value in run]) for run in runs(values)
    ]
    whole = len(known) == len(values) > 1
    return mark_safe(
        f'<svg class="spark {css}" viewBox="0 0 {max(1, len(values) - 1)} 24" '
        'preserveAspectRatio="none" aria-hidden="true">'
        f"{write_whole_line(drawn[0][1]) if whole else write_broken_line(drawn)}</svg>"
    )


def write_steps(heights: Sequence[int]) -> str:
    """From point to point, which is short and much alike: a page has fifty sparklines."""
    return "".join(f" 1 {after - before}" for before, after in pairwise(heights))


def write_whole_line(heights: Sequence[int]) -> str:
    """Line and area as one path: its sides and its floor lie outside the picture."""
    return f'<path d="M-1 25V{heights[0]}h1l{write_steps(heights)[1:]}h1V25"/>'


def write_broken_line(drawn: Sequence[tuple[int, Sequence[int]]]) -> str:
    """The areas, then the lines; a value between two gaps is a dot, as a line of no length is."""
    area, line = [], []
    for start, heights in drawn:
        steps = f"l{write_steps(heights)[1:]}" if len(heights) > 1 else "h0"
        area.append(f"M{start} 24V{heights[0]}{steps}V24z")
        line.append(f"M{start} {heights[0]}{steps}")
    return f'<path d="{"".join(area)}"/><path d="{"".join(line)}"/>'


def shortened(parts: Iterable[Sequence[str]], limit: int) -> list[tuple[str, str]]:
    """The parts up to `limit` characters; the last one ends in "…" when something was left out."""
    kept: list[tuple[str, str]] = []
    for text, slot in parts:
        room = limit - sum(len(t) + len(s) for t, s in kept)
        if room <= 0:
            return [*kept, ("…", "")]
        if slot:
            kept.append(("", slot[:40]))
        elif len(text) > room:
            return [*kept, (text[:room].rstrip() + "…", "")]
        else:
            kept.append((text, ""))
    return kept


@register.simple_tag
def template_of(pattern: Any, limit: int = 20_000) -> SafeString:
    """A pattern's template: its static text escaped, its slots coloured by position."""
    parts = pattern.parts or [[pattern.template or str(pattern), ""]]
    html: list[str] = []
    seen = 0
    for text, slot in shortened(parts, limit):
        if not slot:
            html.append(escape(text))
            continue
        seen += 1
        html.append(f'<i class="t{(seen - 1) % SLOT_COLOURS + 1}">{{{escape(slot)}}}</i>')
    return mark_safe("".join(html))


@register.filter
def slot_class(position: int) -> str:
    return f"t{(position - 1) % SLOT_COLOURS + 1}"


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """mapping[key], or None."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def short(identifier: Any) -> str:
    """The last eight characters of an id: UUIDv7 starts with the time, so its end distinguishes better."""
    return str(identifier)[-8:]


@register.filter
def short_ids(text: str) -> str:
    """The ids inside a text, each as its last eight characters."""
    return IDS.sub(lambda found: found[0][-8:], text)


@register.filter
def at(values: Sequence[Any], place: int) -> Any:
    """values[place]."""
    return values[place]


@register.filter
def cursor_query(cursor: str | None) -> str:
    """The query string of a neighbouring page of a list without filters."""
    return f"cursor={cursor}" if cursor else ""


VERB_ICONS = {
    "prune": "trash-2",
    "restore": "undo-2",
    "merge": "git-merge",
    "split": "git-merge",
    "edit": "pin",
    "threshold": "sliders-horizontal",
    "create key": "key-round",
    "revoke key": "key-round",
}


@register.filter
def verb_icon(verb: str) -> str:
    return VERB_ICONS.get(verb, "history")


@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def cut_slash(address: str) -> str:
    """The CSV address for that of a table: /patterns/<id>/chart/ -> /patterns/<id>/chart.csv."""
    return f"{address.rstrip('/')}.csv"
