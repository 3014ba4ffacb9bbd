"""Values at keys (`name = value`, quotes, paths) taken out of a line's pieces."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from patterns.engine.grouping.logs.line_piece import HOLE, Skeleton
from patterns.engine.grouping.logs.repetitions import shorten_skeleton
from patterns.engine.grouping.logs.slot_evidence import NEEDED, weigh_filler
from patterns.engine.grouping.logs.words import PATH, count_words, is_word

_LONGEST_VALUE = 4
_STOPS = frozenset(",;)}]")


class KeyedLine(NamedTuple):
    """A skeleton with its values at keys (`name = value`, quotes, paths) taken out."""

    frame: Skeleton
    values: tuple[Skeleton, ...]
    whole: Skeleton


def take_out_values(one: Skeleton) -> KeyedLine:
    """Replaces each value at a key by a hole."""
    frame: list[str] = []
    values: list[Skeleton] = []
    position = 0
    while position < len(one):
        key = one[position]
        width = _measure_value(one, position)
        if (
            width or key == HOLE
        ):  # a value that begins the line is one, too: each HOLE has its value
            values.append(one[position : position + (width or 1)])
            frame.append(HOLE)
        else:
            frame.append(key)
        position += width or 1
    return KeyedLine(tuple(frame), tuple(values), one)


def _measure_value(one: Skeleton, position: int) -> int:
    """How many pieces from here are one value; 0 when here stands a word of the message."""
    key = one[position]
    if position == 0 or key in _STOPS:
        return 0
    if key == HOLE or PATH.match(key):
        return 1
    if one[position - 1] == '"' and '"' in one[position + 1 : position + 1 + _LONGEST_VALUE]:
        return one.index('"', position) - position
    if one[position - 1] == "=" and is_word(key) and key.lower() not in {"true", "false"}:
        return _measure_at_key(one, position)
    return 0


def _measure_at_key(one: Skeleton, start: int) -> int:
    end = start + 1
    while end < len(one) and end - start < _LONGEST_VALUE:
        next_key = end + 1 < len(one) and one[end + 1] in "=:"
        if one[end] in _STOPS - {"}"} or next_key:
            break
        end += 1
    return end - start


def merge_by_keys(live: list[Skeleton], known: set[str]) -> dict[Skeleton, Skeleton]:
    """Maps skeletons that differ only in values at keys to their common general form."""
    frames: dict[Skeleton, list[KeyedLine]] = defaultdict(list)
    for one in live:
        keyed = take_out_values(one)
        frames[keyed.frame].append(keyed)
    renamed: dict[Skeleton, Skeleton] = {}
    for frame in sorted(frames):
        _merge_frame(frames[frame], known, renamed)
    return renamed


def _merge_frame(
    members: list[KeyedLine], known: set[str], renamed: dict[Skeleton, Skeleton]
) -> None:
    """One template where every place that varies looks like a slot; else apart by the others."""
    if len(members) < 2:
        return
    columns = [sorted(set(column)) for column in zip(*(m.values for m in members), strict=True)]
    varied = [place for place, values in enumerate(columns) if len(values) > 1]
    evidence = {p: sum(weigh_filler(value, known) for value in columns[p]) for p in varied}
    weak = [place for place in varied if evidence[place] < 1]
    if weak:
        place = min(weak, key=lambda p: (len(columns[p]), p))
        for value in columns[place]:
            _merge_frame([m for m in members if m.values[place] == value], known, renamed)
    elif count_words(members[0].frame) > 1 and max(evidence.values()) >= NEEDED:
        general = _generalise(members[0], varied)
        renamed.update({m.whole: general for m in members if m.whole != general})


def _generalise(member: KeyedLine, varied: list[int]) -> Skeleton:
    out: list[str] = []
    place = 0
    for key in member.frame:
        if key != HOLE:
            out.append(key)
            continue
        out.extend((HOLE,) if place in varied else member.values[place])
        place += 1
    return shorten_skeleton(tuple(out))
