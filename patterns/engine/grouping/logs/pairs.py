"""`key=value` in log lines (logfmt and its like): values that are switches, marks or missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patterns.engine.grouping.logs.line_piece import HOLE, LinePiece

# Pairs with blanks between them that make a line one of pairs (logfmt): `synced=true` is a value
# there like any other. Between commas stand arguments, and a switch tells two messages apart.
_PAIRS = 3
_SWITCHES = frozenset({"true", "false"})
_NOTHING = frozenset({"-", "--", "*"})  # written where there is no value


def read_pairs(found: list[LinePiece]) -> list[LinePiece]:
    """The pieces of a line with a hole for each value that no letter or digit stands for."""
    pairs = sum(piece.key == "=" for piece in found)
    is_logfmt = pairs >= _PAIRS and not any(piece.key == "," for piece in found)
    filled = list(_fill_values(found, pairs, is_logfmt)) if pairs else found
    return list(_fill_lists(filled))


def _fill_lists(found: Sequence[LinePiece]) -> Iterator[LinePiece]:
    """`[]` is a list like those with items."""
    for place, piece in enumerate(found):
        yield piece
        if piece.key == "[" and place + 1 < len(found) and found[place + 1].key == "]":
            yield LinePiece(HOLE, "text", piece.end, piece.end)


def _fill_values(found: Sequence[LinePiece], pairs: int, is_logfmt: bool) -> Iterator[LinePiece]:
    for place, piece in enumerate(found):
        before = found[place - 1] if place else None
        is_value = before is not None and before.key == "=" and before.end == piece.start
        if is_value and (piece.key in _NOTHING or _is_switch(piece, is_logfmt)):
            yield piece._replace(key=HOLE, kind="text")
        else:
            yield piece
        if piece.key == "=" and pairs > 1 and _is_empty(found, place):
            yield LinePiece(HOLE, "text", piece.end, piece.end)


def _is_switch(piece: LinePiece, is_logfmt: bool) -> bool:
    return is_logfmt and piece.key.lower() in _SWITCHES


def _is_empty(found: Sequence[LinePiece], place: int) -> bool:
    """Whether a key is followed by a blank, or by nothing: `sni= alpn=h2`."""
    if place == 0 or found[place - 1].end != found[place].start:
        return False
    return place + 1 == len(found) or found[place + 1].start > found[place].end
