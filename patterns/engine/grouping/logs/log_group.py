"""One group of log lines: the wildcard patterns it takes and the values seen in their places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.logs.line_piece import HOLE, LinePiece, Skeleton
from patterns.engine.grouping.logs.masking import is_number, split_line, trim_line
from patterns.engine.grouping.logs.wildcard_patterns import (
    Form,
    cover_skeletons,
    is_open,
    match_spans,
)
from patterns.engine.templates.slot_names import name_slot

EXAMPLE = 600  # characters
_LOOKED_AT = 100  # texts of a group
_SEEN_OFTEN, _FEW_VALUES = 6, 3  # uses of a place and its values that make a group doubtful
_STOPS = ".,;:?!"  # marks that end a sentence or a part of one, not a value


class LogGroup(msgspec.Struct):
    key: str
    example: str
    forms: list[Form]
    digests: list[int] = []
    uses: int = 0
    doubtful: bool = False  # a place that has few values may be a word of the message
    stops: list[list[str]] = []  # for each form, the marks all values of a hole end in


def make_log_group(key: str, texts: Sequence[str], members: Mapping[Skeleton, int]) -> LogGroup:
    """A group of these lines; `members` counts the lines of each skeleton."""
    forms = cover_skeletons(members)
    digests = [digest_skeleton(one) for one in sorted(members)]
    some = sorted(texts)[:: max(1, len(texts) // _LOOKED_AT)]
    doubtful, stops = _is_doubtful(forms, some), _find_stops(forms, some)
    return LogGroup(key, min(texts)[:EXAMPLE], forms, digests, len(texts), doubtful, stops)


def _is_doubtful(forms: Sequence[Form], texts: Sequence[str]) -> bool:
    """Whether a named place has two or three values only, again and again."""
    values: dict[str, list[str]] = defaultdict(list)
    for text in texts if len(texts) >= _SEEN_OFTEN else ():
        for part, value in cut_line(forms, text):
            if value[:1].isalpha():
                values[part.slot].append(value)
    return any(
        len(found) >= _SEEN_OFTEN and 1 < len(set(found)) <= _FEW_VALUES
        for found in values.values()
    )


def _find_stops(forms: Sequence[Form], texts: Iterable[str]) -> list[list[str]]:
    """For each form the marks that all values of a hole end in; none where a value never varies."""
    values: list[list[set[str]]] = [[set() for key in form if _is_hole(key)] for form in forms]
    for text in map(trim_line, texts):
        found = split_line(text)
        number, holes = _fit_first(forms, found)
        for (start, end), known in zip(holes, values[number] if holes else (), strict=True):
            if end > start:
                known.add(text[found[start].start : found[end - 1].end])
    stops = [[_find_stop(known) for known in form] for form in values]
    return stops if any(map(any, stops)) else []


def _find_stop(values: Iterable[str]) -> str:
    """The marks all of two or more values end in."""
    ends = {value[len(value.rstrip(_STOPS)) :] for value in values}
    return "" if len(ends) > 1 or len(set(values)) < 2 or ends & set(values) else ends.pop()


def digest_skeleton(found: Skeleton) -> int:
    """A stable 64-bit digest."""
    joined = "\n".join(found).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big")


def _is_hole(key: str) -> bool:
    return key == HOLE or is_open(key)


def _fit_first(
    forms: Sequence[Form], found: Sequence[LinePiece]
) -> tuple[int, list[tuple[int, int]]]:
    """The number of the first form that fits, and the pieces in each of its holes."""
    keys = tuple(piece.key for piece in found)
    for number, form in enumerate(forms):
        ranges = match_spans(form, keys)
        if ranges is not None:
            return number, [r for key, r in zip(form, ranges, strict=True) if _is_hole(key)]
    return -1, []


def cut_line(
    forms: Sequence[Form], text: str, stops: Sequence[Sequence[str]] = ()
) -> list[tuple[TemplatePart, str]]:
    """The text cut into static runs and named slots with their values, by a form it fits."""
    text = trim_line(text)
    found = split_line(text)
    number, holes = _fit_first(forms, found)
    ends = stops[number] if 0 <= number < len(stops) else [""] * len(holes)
    filled = [(hole, end) for hole, end in zip(holes, ends, strict=True) if hole[1] > hole[0]]
    return _cut_pieces(text, found, filled)


def _cut_pieces(
    text: str, found: list[LinePiece], holes: Iterable[tuple[tuple[int, int], str]]
) -> list[tuple[TemplatePart, str]]:
    """`holes` are pieces and the marks after the value that are no part of it."""
    parts: list[tuple[TemplatePart, str]] = []
    taken: dict[str, str] = {}
    position = 0
    for (first, last), marks in holes:
        start, end = found[first].start, found[last - 1].end
        if start > position:
            parts.append((TemplatePart(text[position:start]), ""))
        value = text[start:end].removesuffix(marks) or text[start:end]
        kind = found[first].kind if last - first == 1 else "text"
        kind = "number" if kind == "id" and is_number(value) else kind
        name = name_slot(text[position:start], "text" if kind == "word" else kind, taken)
        taken[name] = value
        parts.append((TemplatePart(slot=name), value))
        position = start + len(value)
    if position < len(text):
        parts.append((TemplatePart(text[position:]), ""))
    return parts
