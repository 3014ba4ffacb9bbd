"""From a request and what a list has read to its page, its part, or only the panel beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from featurememory.errors import invalid
from featurememory.http.pagination import Page
from featurememory.lists import saved_views
from featurememory.lists.columns import ListSpec, Tab
from featurememory.lists.layouts import read_layout
from featurememory.lists.listing import USUAL_LIMIT, Listing, PeekPanel
from featurememory.page_access import current_project, is_part, may_change

MOST_CHARACTERS = 200


def read_sort(request: HttpRequest, spec: ListSpec) -> str:
    sort = request.GET.get("sort") or spec.default_sort
    if sort.removeprefix("-") not in spec.sorts | {spec.default_sort.removeprefix("-")}:
        known = ", ".join(sorted(spec.sorts))
        raise invalid(f"must be among {known}, with - in front to descend", "/sort")
    return sort


def read_filters(given: Mapping[str, Any], spec: ListSpec) -> dict[str, str]:
    """The filters of the address as texts; values that a choice does not have are left out."""
    used: dict[str, str] = {}
    for one in spec.filters:
        value = str(given.get(one.name) or "").replace("\x00", "").strip()[:MOST_CHARACTERS]
        if one.kind == "choice" and value and one.offered:
            value = value if set(value.split(",")) <= set(one.choices) else ""
        if value:
            used[one.name] = value
    return used


def build_listing(
    request: HttpRequest,
    spec: ListSpec,
    found: Page[Any],
    used: dict[str, str],
    sort: str,
    rows: Sequence[Any],
    *,
    limit: int = USUAL_LIMIT,
    tabs: Sequence[Tab] = (),
    total: int | None = None,
) -> Listing:
    """`rows` are the lines of the page `found`, with whatever their cells need."""
    made = Listing(
        spec=spec,
        used=used,
        sort=sort,
        rows=rows,
        layout=read_layout(request.user, spec),
        next_cursor=found.next,
        previous_cursor=found.previous,
        limit=limit,
        tabs=tabs,
        total=total,
        may_change=may_change(request),
        peeked=request.GET.get("peek", "").replace("\x00", "")[:MOST_CHARACTERS],
    )
    made.saved = saved_views.build_saved_tabs(current_project(request), spec, made.query)
    return made


def wants_panel(request: HttpRequest) -> bool:
    """Whether only the panel is asked for."""
    return is_part(request) and request.htmx.target == "peek"  # type: ignore[attr-defined]


def render_panel(request: HttpRequest, listing: Listing, panel: PeekPanel | None) -> HttpResponse:
    listing.panel = panel
    context = {"listing": listing, **(panel.context if panel else {})}
    return render(request, "lists/_peek.html", context)


def render_list(
    request: HttpRequest, listing: Listing, template: str, context: Mapping[str, Any] | None = None
) -> HttpResponse:
    values = {"listing": listing, **(context or {})}
    return render(request, listing.spec.part if is_part(request) else template, values)
