"""Lists that are one query: their page, their total and their files from one declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from featurememory.audit.record import record
from featurememory.http.pagination import Page, parse_limit, read_page
from featurememory.lists import periods
from featurememory.lists.columns import ListSpec, Tab
from featurememory.lists.exports import BATCH, read_all, read_given, stream_list
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.neighbours import find_neighbours
from featurememory.lists.pages import build_listing, read_filters, read_sort
from featurememory.lists.table_html import peek_query
from featurememory.models import Project
from featurememory.page_access import current_project


@dataclass(frozen=True)
class QueryList:
    """`lookups`: by filter, the lookup that its value is compared with; `searched`: fields that
    the search box looks in; `tabs`: name and filter of each view; `key` breaks ties of an order."""

    spec: ListSpec
    select: Callable[[Project], Any]
    exported: Sequence[str]
    lookups: Mapping[str, str] = field(default_factory=dict)
    searched: Sequence[str] = ()
    time_field: str = ""
    tabs: Sequence[tuple[str, Mapping[str, str]]] = ()
    key: str = "pk"

    def filter(self, project: Project, used: Mapping[str, str]) -> Any:
        rows: QuerySet[Any] = self.select(project)
        for name, lookup in self.lookups.items():
            if name in used:
                rows = rows.filter(**{lookup: split(used[name], lookup)})
        start = periods.find_start(used.get("range", ""), timezone.now())
        if start and self.time_field:
            rows = rows.filter(**{f"{self.time_field}__gte": start})
        if text := used.get("q"):
            terms = (Q(**{f"{name}__contains_text": text}) for name in self.searched)
            rows = rows.filter(Q(*terms, _connector=Q.OR))
        return rows

    def build(
        self, request: HttpRequest, write: Callable[[Sequence[Any]], Sequence[Any]] = list
    ) -> Listing:
        """The list as the address asks for it; `write` makes lines of rows."""
        project, spec = current_project(request), self.spec
        used, sort = read_filters(request.GET, spec), read_sort(request, spec)
        limit = parse_limit(request.GET.get("limit"))
        found = self.read(project, used, sort, request.GET.get("cursor"), limit)
        tabs = self.build_tabs(project, used, sort)
        lines = write(found.rows)
        return build_listing(request, spec, found, used, sort, lines, limit=limit, tabs=tabs)

    def read(
        self, project: Project, used: Mapping[str, str], sort: str, cursor: str | None, limit: int
    ) -> Page[Any]:
        return read_page(self.filter(project, used), sort, cursor, limit, key=self.key)

    def build_tabs(self, project: Project, used: Mapping[str, str], sort: str) -> list[Tab]:
        """The order and the period stay. All are counted in one query."""
        kept = {name: used[name] for name in ("range",) if name in used}
        counts = self.filter(project, kept).aggregate(
            **{
                f"n{place}": Count("pk", filter=self.condition(own))
                for place, (_, own) in enumerate(self.tabs)
            }
        )
        if sort != self.spec.default_sort:
            kept["sort"] = sort
        here = {name: value for name, value in used.items() if name not in ("range", "q")}
        return [
            Tab(name, urlencode({**own, **kept}), counts[f"n{place}"], dict(own) == here)
            for place, (name, own) in enumerate(self.tabs)
        ]

    def condition(self, used: Mapping[str, str]) -> Q | None:
        """The filters of a view; None for all."""
        found = {
            lookup: split(used[name], lookup)
            for name, lookup in self.lookups.items()
            if name in used
        }
        return Q(**found) if found else None

    def find_panel(
        self,
        request: HttpRequest,
        listing: Listing,
        template: str,
        describe: Callable[[Any], Mapping[str, Any]],
    ) -> PeekPanel | None:
        """The record that the address peeks at, with its neighbours inside the filter."""
        every = self.select(current_project(request))
        row = every.filter(**{f"{self.key}__in": clean_ids(every, self.key, [listing.peeked])})
        found = row.first()
        if found is None:
            return None
        ends = [
            peek_query(listing, str(getattr(one, self.key))) if one else ""
            for one in self.find_neighbours(current_project(request), listing, found)
        ]
        return PeekPanel(found, template, describe(found), ends[1], ends[0])

    def find_neighbours(self, project: Project, listing: Listing, row: Any) -> tuple[Any, Any]:
        rows = self.filter(project, listing.used)
        return find_neighbours(rows, listing.sort, row, key=self.key)

    def count(self, project: Project, given: Mapping[str, str]) -> int:
        rows = self.filter(project, read_filters(given, self.spec))
        return int(rows.order_by().count())

    def download(
        self, request: HttpRequest, kind: str, id_field: str = "pk"
    ) -> StreamingHttpResponse:
        project = current_project(request)
        given, ids = read_given(request)
        sort = given.get("sort") or self.spec.default_sort
        if sort.removeprefix("-") not in self.spec.sorts:
            sort = self.spec.default_sort
        rows = self.filter(project, read_filters(given, self.spec))
        if ids:
            rows = rows.filter(**{f"{id_field}__in": clean_ids(rows, id_field, ids)})
        record(project.pk, "export.made", f"{self.spec.name}.{kind}")
        found = read_all(lambda cursor: read_page(rows, sort, cursor, BATCH, key=self.key))
        values = ({name: getattr(row, name) for name in self.exported} for row in found)
        return stream_list(self.spec.name, kind, self.exported, values)


def split(value: str, lookup: str) -> Any:
    return value.split(",") if lookup.endswith("__in") else value


def clean_ids(rows: Any, key: str, ids: Sequence[str]) -> list[Any]:
    """The ids that this table can have at all."""
    field = rows.model._meta.pk if key == "pk" else rows.model._meta.get_field(key)
    found = []
    for text in ids:
        try:
            value = field.to_python(text)
        except (ValidationError, ValueError, OverflowError):
            continue
        if not (isinstance(value, int) and abs(value) >= 1 << 63) and "\x00" not in text:
            found.append(value)
    return found
