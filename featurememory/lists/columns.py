"""Columns and filters of a list: what they are called, how a cell is written, what sorts and filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from featurememory.http.base_path import place_path
from featurememory.lists.percents import write_percent

Pick = Callable[[Any], tuple[str, str] | None]


@dataclass(frozen=True)
class ListColumn:
    """One column. `cell` writes safe HTML; `sort` names the order in the address; `pick` is the
    filter that a click on the cell sets; `unit` follows the value on a phone, where heads are hidden.
    """

    name: str
    title: str
    cell: Callable[[Any], str]
    sort: str = ""
    numeric: bool = False
    css: str = ""
    unit: str = ""
    shown: bool = True
    pick: Pick | None = None

    @property
    def classes(self) -> str:
        return " ".join(part for part in (self.css, "num" if self.numeric else "") if part)


@dataclass(frozen=True)
class ListFilter:
    """A filter of a list: its parameter, its words, and for a choice its values with their words."""

    name: str
    title: str
    operator: str = ""
    kind: str = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    offered: bool = True
    hint: str = ""

    def describe(self, value: str) -> str:
        if self.kind == "date":
            return value[:10]
        if self.kind == "percent":
            return write_percent(value)
        if self.kind == "choice":
            return " or ".join(self.choices.get(one, one) for one in value.split(","))
        return value


@dataclass(frozen=True)
class Tab:
    """A view of a list: a stored query string with its count (None: asked for after the page)."""

    name: str
    query: str
    count: int | None
    current: bool
    saved: bool = False


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the query string without it."""

    field: str
    operator: str
    value: str
    without: str


@dataclass(frozen=True)
class ListSpec:
    """What a list is: its address, its columns (the first one stays first), its filters."""

    name: str
    path: str
    title: str
    noun: str
    columns: Sequence[ListColumn]
    filters: Sequence[ListFilter]
    default_sort: str
    row_id: Callable[[Any], str]
    row_link: Callable[[Any], str]
    search: str = ""
    selectable: bool = True
    part: str = "lists/_part.html"
    peek: str = ""

    @property
    def address(self) -> str:
        return place_path(self.path)

    def column(self, name: str) -> ListColumn | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def sorts(self) -> set[str]:
        return {column.sort for column in self.columns if column.sort}
