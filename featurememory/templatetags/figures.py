"""Formats of numbers and times, for tables, charts and text.

Every function writes None (not known) as `none`, never as 0. `static/js/figures.js` is the
twin for the browser; tests/featurememory/figures.json holds the vectors both must meet.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from featurememory.process.number_style import write_as_chosen

register = template.Library()
NONE = "none"
MINUS = "\u2212"
Number = float | int


LARGEST = 1e15  # from here on digits are no help: evidence multiplies, and has no upper end


def _power(value: Number) -> str:
    """1.2e38 -> "10^38"; what has no end is "∞"."""
    sign = MINUS if value < 0 else ""
    return sign + (f"10^{math.floor(math.log10(abs(value)))}" if math.isfinite(value) else "∞")


def _fixed(value: Number, digits: int) -> str:
    return write_as_chosen(_plain(value, digits))


def _plain(value: Number, digits: int) -> str:
    """Rounded half away from zero, as JavaScript's toFixed does; thousands with commas."""
    if math.isnan(value):
        return NONE
    if abs(value) >= LARGEST:
        return _power(value)
    step = Decimal(1).scaleb(-digits)
    rounded = abs(Decimal(value)).quantize(step, ROUND_HALF_UP)
    return (MINUS if value < 0 and rounded else "") + f"{rounded:,}"


def _three(value: Number) -> str:
    """Three significant digits, without trailing zeros after the point: 18.6, 3.1, 412."""
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    text = _plain(value, digits)
    return write_as_chosen(text.rstrip("0").rstrip(".") if "." in text else text)


@register.filter
def number(value: Number | None) -> str:
    """1284 -> "1,284"; a mean keeps three significant digits: 4.25 -> "4.25"."""
    if value is None:
        return NONE
    return _fixed(value, 0) if not abs(value) < 100 or value == int(value) else _three(value)


@register.filter
def compact(value: Number | None) -> str:
    """18600000 -> "18.6 M", 3100 -> "3.1 k"."""
    if value is None:
        return NONE
    size = abs(value)
    if size >= LARGEST:
        return _power(value)
    for limit, unit, name in ((999.5e6, 1e9, "G"), (999.5e3, 1e6, "M"), (999.5, 1e3, "k")):
        if size >= limit:
            return f"{_three(value / unit)} {name}"
    return number(value)


@register.filter
def percent(value: Number | None) -> str:
    """0.784 -> "78.4%"."""
    if value is None:
        return NONE
    return _fixed(value * 100, 0 if value in (0, 1) else 1) + "%"


@register.filter
def share(value: Number | None) -> str:
    """A confidence: 0.97 -> "0.97"."""
    return NONE if value is None else _fixed(value, 2)


@register.filter
def points(value: Number | None) -> str:
    """A difference of two rates: 0.061 -> "+6.1 pt"."""
    if value is None:
        return NONE
    text = _fixed(value * 100, 1)
    return f"{text if text.startswith(MINUS) else '+' + text} pt"


@register.filter
def duration(ms: Number | None) -> str:
    """Milliseconds: 3.8 -> "3.8 ms", 610 -> "0.61 s", 150000 -> "2.5 min", 75.6e6 -> "21 h"."""
    if ms is None:
        return NONE
    if ms < 99.5:
        return f"{_fixed(ms, 1 if ms < 9.95 else 0)} ms"
    for limit, unit, name in ((119_995, 1e3, "s"), (7.2e6, 6e4, "min")):
        if ms < limit:
            value = ms / unit
            return (
                f"{_fixed(value, 2)} s" if value < 10 and name == "s" else f"{_three(value)} {name}"
            )
    return f"{_three(ms / 3.6e6)} h"


@register.filter
def size(value: Number | None) -> str:
    """Bytes: 46000000 -> "46 MB", 1200000 -> "1.2 MB"."""
    if value is None:
        return NONE
    scaled, unit = float(value), "B"
    for name in ("kB", "MB", "GB", "TB"):
        if abs(scaled) < 999.5:
            break
        scaled, unit = scaled / 1000, name
    return f"{_fixed(scaled, 1 if abs(scaled) < 9.95 and unit != 'B' else 0)} {unit}"


@register.filter
def money(value: Number | None) -> str:
    """412.3 -> "$412", 3.5 -> "$3.50", 0.00031 -> "$0.00031", -3.5 -> "−$3.50"."""
    if value is None:
        return NONE
    magnitude = abs(value)
    if magnitude and magnitude < 0.01:
        text = write_as_chosen(f"{magnitude:.5f}".rstrip("0").rstrip("."))
    else:
        text = _fixed(magnitude, 0 if magnitude >= 100 else 2)
    sign = MINUS if value < 0 and text.strip("0.,") else ""
    return f"{sign}${text}"


@register.filter
def cost(value: Number | None) -> str:
    """What one call costs, in three significant digits: 0.0104 -> "$0.0104", 0.289 -> "$0.289"."""
    if value is None or not 0 < abs(value) < 0.995:
        return money(value)
    digits = min(12, max(2, 2 - math.floor(math.log10(abs(value)))))
    whole, _, rest = f"{abs(value):.{digits}f}".partition(".")
    kept = rest.rstrip("0").ljust(2, "0")
    return f"{MINUS if value < 0 else ''}${write_as_chosen(f'{whole}.{kept}')}"


@register.filter
def small_unit(text: str) -> SafeString:
    """ "2.41 s" with its unit in small type, for the big figures."""
    if text.endswith("%"):
        return format_html("{}<small>%</small>", text[:-1])
    value, gap, unit = text.partition(" ")
    return format_html("{} <small>{}</small>", value, unit) if gap else format_html("{}", text)


@register.simple_tag
def change(
    now: Number | None, before: Number | None, kind: str = "share", better: str = "up"
) -> SafeString:
    """The change from before to now, with arrow, sign and the colour of good or bad.

    kind: "points" for differences of rates, "share" for relative changes, "ms" for milliseconds,
    "count" for plain differences.
    """
    if now is None or before is None or (kind == "share" and not before):
        return SafeString("")
    moved = now - before
    sign = "+" if moved >= 0 else MINUS
    if kind == "points":
        text = points(moved)
    elif kind == "share":
        text = sign + percent(abs(moved / before))
    else:
        text = sign + (duration if kind == "ms" else number)(abs(moved))
    if not any(digit in text for digit in "123456789"):
        return format_html('<span class="flat-change">{}</span>', "no change")
    good = (moved > 0) == (better == "up")
    css = "flat-change" if better == "none" else "up" if good else "down"
    return format_html('<span class="{}">{} {}</span>', css, "↑" if moved > 0 else "↓", text)


def moment(value: Any) -> datetime | None:
    """A datetime from one, from ISO 8601, or from milliseconds since the epoch."""
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, str) and "T" in value:
        return read_iso(value)
    try:
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def read_iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def age(delta: timedelta) -> str:
    """How long ago, in one unit: "4 s", "41 min", "5 h", "3 d"."""
    seconds = max(0, int(delta.total_seconds()))
    for limit, unit, name in ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit} {name}"
    return f"{seconds // 86_400} d"


@register.filter
def ago(value: Any) -> SafeString:
    """<time> saying how long ago. The browser keeps it fresh, and adds the moment in UTC as its title."""
    at = moment(value)
    return SafeString(NONE) if at is None else time_tag(at, "ago", age(timezone.now() - at))


@register.filter
def time_left(seconds: float | None) -> str:
    """30.2 -> "about 30 s left"; under a second there is nothing worth waiting for."""
    if seconds is None:
        return ""
    return "nearly done" if seconds < 1 else f"about {age(timedelta(seconds=seconds))} left"


@register.filter
def clock(value: Any) -> SafeString:
    """<time> with date and time in the chosen zone; else UTC, and local once the browser has read it."""
    at = moment(value)
    if at is None:
        return SafeString(NONE)
    here = timezone.localtime(at)
    return time_tag(at, "clock", f"{here.day} {here:%b %H:%M:%S}")


def time_tag(at: datetime, written_as: str, text: str) -> SafeString:
    """Nothing in it comes from outside, so nothing is escaped: a list has hundreds.

    The title, the moment in UTC, is the browser's work: it would be the same figures once more.
    """
    return mark_safe(
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}" data-as="{written_as}">{text}</time>'
    )


@register.filter
def day(value: Any) -> str:
    """22 Nov 2026."""
    at = moment(value) if not hasattr(value, "day") else value
    return NONE if at is None else f"{at.day} {at:%b %Y}"


FORMATS = {
    "number": number,
    "compact": compact,
    "percent": percent,
    "share": share,
    "points": points,
    "duration": duration,
    "size": size,
    "money": money,
}


@register.filter
def written(value: Any, kind: str) -> Any:
    """A value in the format of that name; "x" is a point on the time axis (see charts.py)."""
    if kind == "x":
        return clock(datetime.fromisoformat(value)) if "T" in value else value
    return FORMATS[kind](value) if kind in FORMATS else value


@register.filter
def feature_value(value: Any) -> str:
    """A feature's value for people: numbers with three digits, lists joined."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: NONE}[value]
    if isinstance(value, float | int):
        return number(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
