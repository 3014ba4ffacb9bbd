"""How a person wants to see a list: which columns, in which order, which stay put, how dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from featurememory.access import preferences
from featurememory.lists.columns import ListColumn, ListSpec


@dataclass(frozen=True)
class Layout:
    """The columns that are shown, in order; pinned ones come first."""

    names: tuple[str, ...]
    pinned: frozenset[str] = frozenset()
    dense: bool = False

    def columns(self, spec: ListSpec) -> list[ListColumn]:
        """The main column, then the pinned ones, then the rest."""
        chosen = [column for name in self.names if (column := spec.column(name))]
        chosen.sort(key=lambda column: column.name not in self.pinned)
        return [spec.columns[0], *(column for column in chosen if column is not spec.columns[0])]


def build_default_layout(spec: ListSpec) -> Layout:
    return Layout(tuple(column.name for column in spec.columns if column.shown))


def read_layout(user: Any, spec: ListSpec) -> Layout:
    """The person's layout; names of columns that no longer exist are passed over."""
    kept = preferences.preferences_of(user).lists.get(spec.name)
    if not kept:
        return build_default_layout(spec)
    names = clean_names(spec, kept["columns"]) or build_default_layout(spec).names
    return Layout(names, frozenset(clean_names(spec, kept["pinned"])), kept["dense"])


def clean_names(spec: ListSpec, names: Sequence[Any]) -> tuple[str, ...]:
    known = {column.name for column in spec.columns}
    return tuple(dict.fromkeys(name for name in names if name in known))


def save_layout(user: Any, spec: ListSpec, layout: Layout | None) -> None:
    """Keep the layout for the person; None forgets it."""
    lists = dict(preferences.preferences_of(user).lists)
    lists.pop(spec.name, None)
    if layout is not None:
        pinned = sorted(layout.pinned)
        lists[spec.name] = {"columns": list(layout.names), "pinned": pinned, "dense": layout.dense}
    preferences.save_preferences(user, lists=lists)


def list_all_names(spec: ListSpec, layout: Layout) -> list[str]:
    """Every column: the shown ones in their order, then the hidden ones."""
    hidden = [column.name for column in spec.columns if column.name not in layout.names]
    return [*layout.names, *hidden]


def move_column(layout: Layout, name: str, step: int) -> Layout:
    """The same layout with one column a place earlier (-1) or later (1)."""
    names = list(layout.names)
    if name not in names:
        return layout
    old = names.index(name)
    names.insert(max(0, old + step), names.pop(old))
    return replace(layout, names=tuple(names))
