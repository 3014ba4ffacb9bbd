"""Interactions: newest first or by any number, filtered by everything a call has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from featurememory.audit.record import record
from featurememory.http.pagination import REACH, Page, decode_cursor, parse_limit
from featurememory.lists import periods
from featurememory.lists.columns import Tab
from featurememory.lists.exports import BATCH, read_all, read_given, stream_list
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.neighbours import find_neighbours
from featurememory.lists.pages import (
    build_listing,
    read_sort,
    render_list,
    render_panel,
    wants_panel,
)
from featurememory.lists.table_html import peek_query
from featurememory.models import Project
from featurememory.page_access import current_project, exporting, page
from optimizations.summaries.memory_acts import decisions_of, what_memory_did
from optimizations.views.interactions.columns import SPEC, InteractionLine
from optimizations.views.interactions.selection import (
    InteractionSelection,
    annotate_numbers,
    describe_reach,
    select_interactions,
)
from patterns.storage.shared_words import show_json, words_of
from patterns.views import interactions
from patterns.views.matched_patterns import find_matched_patterns

EXPORTED = (
    "id",
    "timestamp",
    "model_id",
    "task_type",
    "session_id",
    "decision_id",
    "pattern_id",
    "confidence",
    "success",
    "score",
    "duration",
    "tokens_known",
    "input_tokens",
    "output_tokens",
    "cost_known",
    "input",
)


def build_lines(project: Project, rows: Sequence[Any]) -> list[InteractionLine]:
    shown = interactions.build_previews(rows)
    patterns = find_matched_patterns(project, rows)
    made = decisions_of(rows)
    return [
        InteractionLine(
            entry["row"],
            entry["text"],
            entry["tokens"],
            patterns.get(entry["row"].pattern_id),
            what_memory_did(entry["row"], made),
        )
        for entry in shown
    ]


@page
def list_interactions(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    given = request.GET.dict()
    chosen = select_interactions(project, given, read_sort(request, SPEC))
    limit = parse_limit(given.get("limit"))
    if wants_panel(request):
        empty: Page[Any] = Page([], None, None)
        listing = build_listing(request, SPEC, empty, chosen.used, chosen.sort, [], limit=limit)
        return render_panel(request, listing, find_panel(project, chosen, listing, given))
    found = chosen.read(given.get("cursor"), limit)
    lines = build_lines(project, found.rows)
    tabs = build_tabs(project, chosen)
    listing = build_listing(
        request, SPEC, found, chosen.used, chosen.sort, lines, limit=limit, tabs=tabs
    )
    context = {
        "periods": periods.CHOICES,
        "note": describe_reach(chosen),
        "reached": find_reached(chosen, found),
    }
    return render_list(request, listing, "interactions/list.html", context)


def find_reached(chosen: InteractionSelection, found: Page[Any]) -> int | None:
    """The time of the oldest interaction that a page without a match has looked at."""
    if found.rows or not found.next or chosen.sort != SPEC.default_sort:
        return None
    number = decode_cursor(found.next, 3)[2]
    seen = chosen.everything.filter(number__gte=int(number)).order_by("number")
    first: int | None = seen.values_list("timestamp", flat=True).first()
    return first


def build_tabs(project: Project, chosen: InteractionSelection) -> list[Tab]:
    """All, and what went wrong. The order and the period stay."""
    kept = {name: chosen.used[name] for name in ("range",) if name in chosen.used}
    if chosen.sort != SPEC.default_sort:
        kept["sort"] = chosen.sort
    here = {name: value for name, value in chosen.used.items() if name not in ("range", "q")}
    views: list[tuple[str, dict[str, str]]] = [
        ("All", {}),
        ("Failures", {"success": "false"}),
        ("Waiting", {"state": "pending"}),
        ("Not recognised", {"state": "failed"}),
    ]
    return [Tab(name, urlencode(own | kept), None, own == here) for name, own in views]


def find_panel(
    project: Project, chosen: InteractionSelection, listing: Listing, given: Mapping[str, Any]
) -> PeekPanel | None:
    """The interaction beside the list. Neighbours are those of the order, within reach."""
    name = str(given.get("peek"))[:128].replace("\x00", "")
    row = annotate_numbers(interactions.annotate_payload(chosen.everything.filter(id=name))).first()
    if row is None:
        return None
    (line,) = build_lines(project, [row])
    before, after = find_near(chosen, row)
    parts = [
        interactions.format_part(part, show_json(words_of(project.pk), raw))
        for part, raw in interactions.read_parts(row.data).items()
    ]
    return PeekPanel(
        line,
        SPEC.peek,
        {"peeked": line, "parts": parts, "url": interactions.build_interaction_url(row.id)},
        peek_query(listing, after.id) if after else "",
        peek_query(listing, before.id) if before else "",
    )


def find_near(chosen: InteractionSelection, row: Any) -> tuple[Any, Any]:
    if chosen.accepts:
        ends = []
        for backwards in (True, False):
            numbers, _, _ = chosen.search.find(row.number, 1, backwards=backwards)
            ends.append(chosen.everything.filter(number__in=numbers).first())
        return ends[0], ends[1]
    near = {"number__gt": row.number - REACH, "number__lt": row.number + REACH}
    return find_neighbours(chosen.rows.filter(**near), chosen.sort, row, key="number")


@exporting
def download_interactions(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    project = current_project(request)
    given, ids = read_given(request)
    chosen = select_interactions(project, given.dict(), given.get("sort") or SPEC.default_sort)
    record(project.pk, "export.made", f"interactions.{kind}")
    return stream_list("interactions", kind, EXPORTED, export_rows(chosen, ids))


def export_rows(chosen: InteractionSelection, ids: list[str]) -> Iterator[dict[str, Any]]:
    """Exactly the rows of the filter, or those of them that are ticked."""
    if ids:
        rows = chosen.rows.filter(id__in=[name.replace("\x00", "") for name in ids])
        found: Iterator[Any] = iter(rows.order_by("-number"))
    else:
        found = read_all(lambda cursor: chosen.read(cursor, BATCH))
    for row in found:
        values = {name: getattr(row, name) for name in EXPORTED if name != "input"}
        words = words_of(row.project_id)
        yield values | {"input": interactions.preview_input(row.data, words)}
