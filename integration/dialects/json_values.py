"""JSON values as other tools write them: as text, as dotted names, as numbers in quotes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import msgspec

Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None

# Names like `a.0.b.1.c`: deeper ones stay in one piece, so that nothing recurses over them.
DEEPEST = 10
LONGEST_INDEX = 6
PLAIN = (str, int, float)  # made once: `str | int | float` is made at each use
# A value costs 8 to 64 bytes in memory, `{},` three on the wire: 16 MiB of it were 360 MB.
MOST_VALUES = 2_000_000


def has_too_many_values(raw: bytes) -> bool:
    """Whether what is JSON in these bytes, also in texts inside, could burst the memory."""
    if len(raw) <= MOST_VALUES:
        return False
    return sum(raw.count(mark) for mark in (b",", b"{", b"[")) > MOST_VALUES


def open_json(value: Json) -> Json:
    """An object or array that came as text; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        found: Json = msgspec.json.decode(value)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return value
    return found


def object_in(value: Json) -> dict[str, Any]:
    """The object in a value, also when it came as text; empty when there is none."""
    found = open_json(value)
    return found if isinstance(found, dict) else {}


def list_in(value: Json) -> list[Any]:
    """The list in a value, also when it came as text; empty when there is none."""
    found = open_json(value)
    return found if isinstance(found, list) else []


def number_in(value: Json) -> float | None:
    """A finite number ≥ 0, also in quotes; None for anything else: absent is not 0."""
    if isinstance(value, bool) or not isinstance(value, PLAIN):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def text_in(value: Json, longest: int = 200) -> str | None:
    """A name for a column: not empty, without NUL, cut to `longest`; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, PLAIN):
        return None
    return str(value)[: longest * 2].replace("\x00", "").strip()[:longest] or None


def nest(flat: Mapping[str, Json]) -> Json:
    """Dotted names as nested values; a level whose names are all numbers is a list.

    >>> nest({"0.role": "user", "0.content": "Hi", "1.role": "assistant"})
    [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant'}]
    """
    root: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".", DEEPEST)
        place = root
        for step in path:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = place[step] = {"": inner}
            place = inner
        place[last] = value
    return _with_lists(root) if root else {}


def _with_lists(level: dict[str, Any]) -> Json:
    inner = {
        name: _with_lists(part) if isinstance(part, dict) else part for name, part in level.items()
    }
    for name in inner:
        if not name.isdecimal() or len(name) > LONGEST_INDEX:
            return inner
    return [inner[name] for name in sorted(inner, key=int)] if inner else inner


def flatten(value: Json, prefix: str = "", depth: int = 0) -> dict[str, Json]:
    """Nested values under dotted names; the opposite of `nest`. Lists of plain values stay."""
    if depth < DEEPEST and value and _is_level(value):
        pairs = value.items() if isinstance(value, dict) else enumerate(cast(list[Any], value))
        found: dict[str, Json] = {}
        for name, part in pairs:
            found |= flatten(part, f"{prefix}.{name}" if prefix else str(name), depth + 1)
        return found
    return {prefix: value} if prefix else {}


def _is_level(value: Json) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, dict) for part in value)
    )
