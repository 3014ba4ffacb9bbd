"""A piece of a log line: a word, a mark, or a hole with a value in it."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

HOLE = "#"

Skeleton: TypeAlias = tuple[str, ...]
"""The keys of a line's pieces: what remains of it when its values are taken out."""


class LinePiece(NamedTuple):
    """`key` is a word, a mark or `HOLE`; `kind` says what fills the hole; the rest is its place."""

    key: str
    kind: str
    start: int
    end: int
