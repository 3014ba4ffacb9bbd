"""A value as it is now, as plain JSON values: what the caller changes later changes nothing here.

Texts and numbers cannot change and are not copied, so a prompt of a megabyte costs as much as one
of ten characters. Bounded in depth and number, so that no value can hold its caller up.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping, Set
from typing import Any

from featurememory_client.recording.secret_names import HIDDEN, is_headers, is_secret

DEEPEST = 60  # the server refuses 200; nothing a model reads nests deeper
MOST_VALUES = 10_000  # some 2 ms
LONGEST_TEXT = 1_000_000  # characters; the server takes 1 MiB for a whole interaction
LEFT_OUT = "…"

LARGEST = 1 << 63  # what every JSON reader takes for a whole number

_UNCHANGING = frozenset({float, bool, type(None)})
_NUMBERS = frozenset({int, float})


class Room:
    """How much a snapshot has taken so far: values against its limit, bytes for the queue's."""

    __slots__ = ("values", "weight")

    def __init__(self) -> None:
        self.values = 0
        self.weight = 0

    def take_places(self, wanted: int) -> int:
        """How many of so many values there is room for."""
        granted = max(0, min(wanted, MOST_VALUES - self.values))
        self.values += granted
        return granted


def freeze(value: Any, room: Room, depth: int = 0) -> Any:
    """`value` as None, bool, int, float, str, list and dict, none of them shared with the caller."""
    kind = type(value)
    if kind is str:
        room.weight += len(value)
        return value if len(value) <= LONGEST_TEXT else shorten_text(value, LONGEST_TEXT)
    if kind in _UNCHANGING or (kind is int and -LARGEST <= value < LARGEST):
        return value
    room.weight += 100
    if depth > DEEPEST or room.values >= MOST_VALUES:
        return LEFT_OUT
    if kind is dict:
        return freeze_pairs(value, room, depth)
    if kind is list or kind is tuple:
        return freeze_list(value, room, depth)
    try:
        return freeze(describe(value), room, depth + 1)
    except Exception:  # a value may do anything when it is looked at
        return f"<{kind.__name__}>"


def freeze_pairs(value: Mapping[Any, Any], room: Room, depth: int) -> dict[str, Any]:
    frozen = {}
    # A list first: another thread may add to the dict meanwhile.
    for name, inner in list(value.items())[: room.take_places(len(value))]:
        key = name if type(name) is str else write_key(name)
        room.weight += len(key)
        if is_secret(key) or (is_headers(key) and isinstance(inner, (Mapping, tuple))):
            frozen[key] = HIDDEN
        else:
            frozen[key] = freeze(inner, room, depth + 1)
    return frozen


def freeze_list(value: list[Any] | tuple[Any, ...], room: Room, depth: int) -> list[Any]:
    items = list(value[: room.take_places(len(value))])
    if len(items) > 32 and _NUMBERS.issuperset(map(type, items)):  # a vector
        room.weight += 20 * len(items)
    else:
        items = [freeze(item, room, depth + 1) for item in items]
    return items if len(value) <= len(items) else [*items, LEFT_OUT]


def write_key(name: Any) -> str:
    if isinstance(name, str):
        return str.__str__(name)
    if name is None or isinstance(name, (int, float, bool)):
        return str(name)
    if isinstance(name, tuple):
        return ",".join(write_key(part) for part in name)
    return f"<{type(name).__name__}>"


def describe(value: Any) -> Any:
    """An object in terms of simpler ones. Never its repr: that may show keys."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value) if -LARGEST <= value < LARGEST else f"<{value.bit_length()} bits>"
    if isinstance(value, float):
        return float(value)
    if isinstance(value, os._Environ):
        return HIDDEN
    if isinstance(value, (list, tuple)):
        fields = getattr(value, "_fields", None)
        return dict(zip(fields, value)) if fields else list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    if isinstance(value, Set):
        return sorted(value, key=str)
    return describe_object(value)


def describe_object(value: Any) -> Any:
    """Models, dataclasses, arrays, times and paths by what they hold; others by their type."""
    if isinstance(value, type):
        return f"<{value.__name__}>"
    if hasattr(value, "model_dump"):  # pydantic, and with it the messages of the SDKs
        return value.model_dump(exclude_none=True)
    fields = getattr(value, "__dataclass_fields__", None)
    if fields:
        return {name: getattr(value, name) for name in fields}
    if hasattr(value, "tolist") and getattr(value, "size", MOST_VALUES + 1) <= MOST_VALUES:
        return value.tolist()
    if type(value).__module__ in ("datetime", "decimal", "uuid", "pathlib", "fractions"):
        return str(value)
    return f"<{type(value).__name__}>"


def shorten_text(text: str, longest: int) -> str:
    """Its beginning and its end: instructions stand there, bulk in the middle."""
    if len(text) <= longest:
        return text
    head, tail = text[: longest * 2 // 3], text[-(longest // 3) :]
    return f"{head} {LEFT_OUT}[{len(text) - longest} characters left out]{LEFT_OUT} {tail}"
