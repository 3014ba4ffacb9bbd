"""Moments and durations as other tools write them, in milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from featurememory.errors import FeatureMemoryError, invalid
from integration.dialects.json_values import Json

# Numbers are seconds, milli-, micro- or nanoseconds by their size: 1e11 s is the year 5138,
# 1e11 ms the year 1973.
UNITS = ((1e11, 1000.0), (1e14, 1.0), (1e17, 1e-3), (1e20, 1e-6))
LONGEST = 40


def moment_in(value: Json | datetime) -> float | None:
    """Milliseconds since the epoch of a number, text or `datetime`; None when it is none."""
    if isinstance(value, datetime):
        return _moment_of(value)
    if isinstance(value, str) and len(value) <= LONGEST:
        return _moment_of_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return next((value * factor for limit, factor in UNITS if 0 <= value < limit), None)


def _moment_of_text(text: str) -> float | None:
    """RFC 3339, also as databases write it (`2026-11-22 10:00:00.123456+00`), or a number."""
    try:
        return moment_in(float(Decimal(text)))
    except (InvalidOperation, ValueError, OverflowError):
        pass
    try:
        return _moment_of(datetime.fromisoformat(text))
    except ValueError:
        return None


def _moment_of(moment: datetime) -> float | None:
    """What tells no zone is UTC."""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return moment.timestamp() * 1000
    except (ValueError, OverflowError):
        return None


def span_of(start: Json, end: Json) -> tuple[float, float | None]:
    """Start and duration. The duration is None where the end is not known, or not after it."""
    began, ended = moment_in(start), moment_in(end)
    if began is None:
        raise _no_time(start)
    if ended is None or ended < began:
        return began, None
    return began, ended - began


def _no_time(value: Json) -> FeatureMemoryError:
    if value is None:
        return invalid("is required", "/startTime", "required")
    return invalid("is no time: RFC 3339 or a number since the epoch", "/startTime")
