"""Kinds of columns that many lists have: a figure, a moment, a word that filters by itself.

A column is read by a path of attributes, `row.duration`; its name, its order in the address and its
filter are called like the last of them.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from operator import attrgetter
from typing import Any

from featurememory.lists.columns import ListColumn

Write = Callable[[Any], str]


def figure_column(
    path: str,
    title: str,
    write: Write,
    *,
    name: str = "",
    unit: str = "",
    css: str = "",
    shown: bool = True,
) -> ListColumn:
    """A number that sorts; `unit` follows it on a phone."""
    read, own = attrgetter(path), path.rpartition(".")[2]
    return ListColumn(name or own, title, lambda row: write(read(row)), own, True, css, unit, shown)


def moment_column(
    path: str, title: str, write: Write, *, wide: bool = False, shown: bool = True
) -> ListColumn:
    """How long ago; with `wide` only where there is room."""
    css, unit = ("quiet wideonly", "") if wide else ("quiet", "ago")
    return figure_column(path, title, write, css=css, unit=unit, shown=shown)


def word_column(
    path: str,
    title: str,
    *,
    most: int = 40,
    empty: str = "",
    css: str = "tight",
    shown: bool = True,
) -> ListColumn:
    """A short text; a click filters by it."""
    read, own = attrgetter(path), path.rpartition(".")[2]

    def cell(row: Any) -> str:
        text = read(row) or empty
        return escape(text if len(text) <= most else text[: most - 1] + "…")

    return ListColumn(
        own, title, cell, css=css, shown=shown, pick=lambda row: (own, read(row) or "")
    )
