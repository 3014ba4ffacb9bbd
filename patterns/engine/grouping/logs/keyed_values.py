"""Values at keys (`name = value`, quotes, paths) taken out of a line's pieces."""

from __future__ import annotations

from typing import NamedTuple

from patterns.engine.grouping.logs.masking import HOLE, Skeleton
from patterns.engine.grouping.logs.words import PATH, is_word

# --- several places differ at once ----------------------------------------------------------------

_LONGEST_VALUE = 4
_STOPS = frozenset(",;)}]")


class KeyedLine(NamedTuple):
    """A skeleton with its values at keys (`name = value`, quotes, paths) taken out."""

    frame: Skeleton
    values: tuple[Skeleton, ...]
    whole: Skeleton


def take_out_values(one: Skeleton) -> KeyedLine:
    frame: list[str] = []
    values: list[Skeleton] = []
    position = 0
    while position < len(one):
        key = one[position]
        width = _value_width(one, position)
        if (
            width or key == HOLE
        ):  # a value that begins the line is one, too: each HOLE has its value
            values.append(one[position : position + (width or 1)])
            frame.append(HOLE)
        else:
            frame.append(key)
        position += width or 1
    return KeyedLine(tuple(frame), tuple(values), one)


def _value_width(one: Skeleton, position: int) -> int:
    """How many pieces from here are one value; 0 when here stands a word of the message."""
    key = one[position]
    if position == 0 or key in _STOPS:
        return 0
    if key == HOLE or PATH.match(key):
        return 1
    if one[position - 1] == '"' and '"' in one[position + 1 : position + 1 + _LONGEST_VALUE]:
        return one.index('"', position) - position
    if one[position - 1] == "=" and is_word(key) and key.lower() not in {"true", "false"}:
        return _width_at_key(one, position)
    return 0


def _width_at_key(one: Skeleton, start: int) -> int:
    end = start + 1
    while end < len(one) and end - start < _LONGEST_VALUE:
        next_key = end + 1 < len(one) and one[end + 1] in "=:"
        if one[end] in _STOPS - {"}"} or next_key:
            break
        end += 1
    return end - start
