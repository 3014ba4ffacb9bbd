"""One list as it is shown now: filters in force, order, page, views, columns. What templates read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from featurememory.lists.columns import Chip, ListColumn, ListFilter, ListSpec, Tab
from featurememory.lists.layouts import Layout

USUAL_LIMIT = 50


@dataclass(frozen=True)
class PeekPanel:
    """The record beside the list, and the addresses of its neighbours inside the filter."""

    row: Any
    template: str
    context: Mapping[str, Any]
    next: str = ""
    previous: str = ""


@dataclass
class Listing:
    spec: ListSpec
    used: dict[str, str]
    sort: str
    rows: Sequence[Any]
    layout: Layout
    next_cursor: str | None = None
    previous_cursor: str | None = None
    limit: int = USUAL_LIMIT
    tabs: Sequence[Tab] = ()
    saved: Sequence[Tab] = ()
    total: int | None = None
    may_change: bool = False
    panel: PeekPanel | None = None
    peeked: str = ""

    @cached_property
    def address(self) -> str:
        return self.spec.address

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Filters and order, without what is usual."""
        sort = {} if self.sort == self.spec.default_sort else {"sort": self.sort}
        return {**self.used, **sort}

    @cached_property
    def query(self) -> str:
        return urlencode(self.parameters)

    @cached_property
    def here(self) -> dict[str, str]:
        """Also the size of the page."""
        size = {} if self.limit == USUAL_LIMIT else {"limit": str(self.limit)}
        return {**self.parameters, **size}

    def with_cursor(self, cursor: str | None) -> str | None:
        return urlencode({**self.here, "cursor": cursor}) if cursor else None

    @property
    def next(self) -> str | None:
        return self.with_cursor(self.next_cursor)

    @property
    def next_words(self) -> str:
        """A page that is not full was searched as far as one page goes."""
        return "Next" if len(self.rows) >= self.limit else "Search further"

    @property
    def previous(self) -> str | None:
        return self.with_cursor(self.previous_cursor)

    @property
    def clear(self) -> str:
        """The order and the period stay when filters go."""
        return urlencode({k: v for k, v in self.parameters.items() if k in ("sort", "range")})

    @property
    def filtered(self) -> bool:
        return bool(set(self.used) - {"range"})

    @cached_property
    def chips(self) -> list[Chip]:
        return [
            Chip(one.title, one.operator, one.describe(self.used[one.name]), self.without(one.name))
            for one in self.spec.filters
            if one.name in self.used and one.name not in ("q", "range")
        ]

    def without(self, name: str) -> str:
        return urlencode({key: value for key, value in self.parameters.items() if key != name})

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Parameters that the form of filters has no field for, but must not lose."""
        fields = {one.name for one in self.spec.filters if one.offered} | {"q", "range"}
        return [(k, v) for k, v in self.parameters.items() if k not in fields]

    @property
    def fields(self) -> list[tuple[ListFilter, str]]:
        """Offered filters with their value, percentages as they are typed."""
        offered = [one for one in self.spec.filters if one.offered]
        given = [(one, self.used.get(one.name, "")) for one in offered]
        return [(one, one.describe(v) if one.kind == "percent" else v) for one, v in given]

    @property
    def every_tab(self) -> list[Tab]:
        return [*self.tabs, *self.saved]

    @cached_property
    def uncounted(self) -> dict[str, str]:
        """What is counted after the page: ids of elements, and the query that each counts."""
        tabs = enumerate(self.every_tab)
        found = {f"tab{place}": tab.query for place, tab in tabs if tab.count is None}
        return found | ({"total": self.query} if self.rows and self.total is None else {})

    @property
    def counts_query(self) -> str:
        return urlencode(self.uncounted)

    @cached_property
    def columns(self) -> list[ListColumn]:
        return self.layout.columns(self.spec)

    @property
    def peek_address(self) -> str:
        """Of the panel that the page asks for once it is there."""
        return f"{self.address}?{urlencode({**self.here, 'peek': self.peeked}, quote_via=quote)}"

    @property
    def peeked_address(self) -> str:
        """Of the record's own page, for browsers without script."""
        return f"{self.address}{quote(self.peeked, safe='')}/"

    @property
    def css(self) -> str:
        return "cards dense" if self.layout.dense else "cards"
