"""Repetitions in a log line count once: lists, pairs, and runs of pieces of any length."""

from __future__ import annotations

from collections.abc import Sequence

from patterns.engine.grouping.logs.line_piece import HOLE, LinePiece, Skeleton

_MOTIF = 7  # longest run of pieces whose repetitions count once ("node-1 up, node-2 up, …")


def merge_repetitions(found: list[LinePiece]) -> list[LinePiece]:
    """Runs such as `# , # , #` and `node # up node # up` shrink to one: lists have any length."""
    found = _fold_lists(found)
    if sum(piece.key == HOLE for piece in found) < 2:
        return found
    found = _join_pairs(found)
    before = 0
    while before != len(found):
        before = len(found)
        for width in range(1, _MOTIF + 1):
            found = _keep_one(found, width)
    return _fold_lists(found)


def _fold_lists(found: list[LinePiece]) -> list[LinePiece]:
    """`#, #` is a list of values, and so is `[red, green]` with words in it."""
    kept: list[LinePiece] = []
    for piece in found:
        kept.append(piece)
        if len(kept) > 2 and piece.key == HOLE and [p.key for p in kept[-3:-1]] == [HOLE, ","]:
            _fold_pieces(kept, 3)
        elif piece.key == "]":
            width = _count_items(kept)
            if width:
                del kept[-1]
                _fold_pieces(kept, width)
                kept.append(piece)
    return kept


def _count_items(kept: Sequence[LinePiece]) -> int:
    """How many pieces before the last one are a list of two or more items after a bracket."""
    place = len(kept) - 2
    while place > 1 and kept[place].kind != "mark" and kept[place - 1].key == ",":
        place -= 2
    opened = place > 0 and kept[place].kind != "mark" and kept[place - 1].key == "["
    return len(kept) - 1 - place if opened and place < len(kept) - 2 else 0


def _fold_pieces(kept: list[LinePiece], width: int) -> None:
    kept[-width:] = [LinePiece(HOLE, "text", kept[-width].start, kept[-1].end)]


def _join_pairs(found: list[LinePiece]) -> list[LinePiece]:
    """`#:#` is one value: a host and its port, a ratio, a time."""
    kept: list[LinePiece] = []
    for piece in found:
        if piece.key == HOLE and len(kept) > 1 and kept[-1].key == ":" and kept[-2].key == HOLE:
            del kept[-1]
            kept[-1] = kept[-1]._replace(kind="id", end=piece.end)
        else:
            kept.append(piece)
    return kept


def _keep_one(found: list[LinePiece], width: int) -> list[LinePiece]:
    kept: list[LinePiece] = []
    keys: list[str] = []
    source = [piece.key for piece in found]
    position = 0
    while position < len(found):
        kept.append(found[position])
        keys.append(source[position])
        position += 1
        while _repeats(keys, source, position, width):
            kept[-1] = kept[-1]._replace(end=found[position + width - 1].end)
            position += width
    return kept


def _repeats(keys: list[str], source: list[str], position: int, width: int) -> bool:
    last = position + width - 1
    if last >= len(source) or source[last] != keys[-1]:
        return False
    return keys[-width:] == source[position : last + 1] and HOLE in keys[-width:]


def shorten_skeleton(keys: Skeleton) -> Skeleton:
    """A skeleton again without repetitions, after more of it became holes."""
    bare = [
        LinePiece(key, "" if key == HOLE or key[:1].isalnum() else "mark", 0, 0) for key in keys
    ]
    return tuple(piece.key for piece in merge_repetitions(bare))
