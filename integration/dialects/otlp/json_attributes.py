"""Attributes in OTLP/JSON: `[{"key": "a", "value": {"stringValue": "x"}}]` as a mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from integration.dialects.json_values import Json
from integration.dialects.otlp.span import (
    LONGEST_NAME,
    MOST_ATTRIBUTES,
    Attributes,
    SpanRefused,
)

DEEPEST = 20


def pick(found: Mapping[str, Any], name: str) -> Any:
    """A member by its lowerCamelCase name, or by the name in the .proto file."""
    return found[name] if name in found else found.get(snake_case(name))


@lru_cache(100)
def snake_case(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def read_attributes(value: Json, depth: int = 0) -> Attributes:
    """[{"key", "value": {"stringValue": …}}] as a mapping; what has no key is left out."""
    found = value if isinstance(value, list) else []
    if len(found) > MOST_ATTRIBUTES:
        raise SpanRefused(f"attributes: more than {MOST_ATTRIBUTES:,}")
    return {
        entry["key"][:LONGEST_NAME]: read_value(entry.get("value"), depth)
        for entry in found
        if isinstance(entry, dict) and isinstance(entry.get("key"), str)
    }


def read_value(value: Json, depth: int = 0) -> Json:
    """An AnyValue as plain JSON."""
    if depth > DEEPEST:
        raise SpanRefused(f"attributes: nested more than {DEEPEST} levels deep")
    if not isinstance(value, dict) or not value:
        return None
    inner = pick(value, "arrayValue")
    if isinstance(inner, dict):
        parts = inner.get("values")
        return [read_value(part, depth + 1) for part in parts] if isinstance(parts, list) else []
    inner = pick(value, "kvlistValue")
    if isinstance(inner, dict):
        return dict(read_attributes(inner.get("values"), depth + 1))
    for name, read in SCALARS.items():
        if (inner := pick(value, name)) is not None:
            return read(inner)
    return None


def read_int(value: Json) -> Json:
    if isinstance(value, str) and len(value) <= 20:
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _double_value(value: Json) -> Json:
    """Protobuf writes what JSON has no number for as "NaN", "Infinity" and "-Infinity"."""
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def _as_it_is(value: Json) -> Json:
    return value


SCALARS: dict[str, Callable[[Json], Json]] = {
    "stringValue": _as_it_is,
    "boolValue": _as_it_is,
    "intValue": read_int,
    "doubleValue": _double_value,
    "bytesValue": _as_it_is,
}
