"""Interactions: newest first or by any number, filtered by everything a call has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Exists, F, FloatField, OuterRef, Q, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from featurememory.audit.record import record
from featurememory.http.pagination import REACH, Page, parse_limit, read_nearby_page
from featurememory.http.pagination import read_page as keyset_page
from featurememory.lists import periods
from featurememory.lists.columns import Tab
from featurememory.lists.exports import BATCH, read_all, read_given, stream_list
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.neighbours import find_neighbours
from featurememory.lists.pages import (
    build_listing,
    read_filters,
    read_sort,
    render_list,
    render_panel,
    wants_panel,
)
from featurememory.lists.table_html import peek_query
from featurememory.models import Project
from featurememory.page_access import current_project, exporting, page
from featurememory.templatetags import figures
from optimizations.models import Decision
from optimizations.summaries.memory_acts import decisions_of, what_memory_did
from optimizations.views.interactions import payload_search
from optimizations.views.interactions.columns import SPEC, InteractionLine
from optimizations.views.interactions.sorted_window import read_sorted_page
from patterns.models import ModelInteraction
from patterns.views import interactions
from patterns.views.matched_patterns import find_matched_patterns

ARMS = {"applied": ("treatment", "explore"), "held_out": ("holdout",)}
# Of these, every match is found by an index, however rare.
INDEXED = {"pattern_id", "state"}
DECISION_REACH = 20_000
MOST_FOUND = 1_000_000
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


@dataclass(frozen=True)
class InteractionSelection:
    """What the address asks for: rows, and how they can be read within a bounded time."""

    everything: Any
    rows: Any
    used: dict[str, str]
    sort: str
    indexed: bool
    accepts: list[payload_search.Accepts]

    def read(self, cursor: str | None, limit: int) -> Page[Any]:
        if self.accepts:
            args = (self.rows, self.everything, cursor, limit, self.accepts)
            return payload_search.read_matching_page(*args)
        if self.sort != SPEC.default_sort:
            return read_sorted_page(self.rows, self.everything, self.sort, cursor, limit)
        if self.indexed:
            return keyset_page(self.rows, self.sort, cursor, limit, key="number")
        return read_nearby_page(self.rows, self.everything, cursor, limit, "number", self.reach)

    @property
    def reach(self) -> int:
        return DECISION_REACH if "did" in self.used else REACH


def select_interactions(project: Project, given: Mapping[str, Any], sort: str) -> Any:
    used = read_filters(given, SPEC)
    everything = ModelInteraction.objects.filter(project=project)
    rows, _ = interactions.filter_interactions(project.pk, everything, used)
    indexed = set(used) <= INDEXED
    if search := used.get("q", "")[:128]:
        rows, indexed = interactions.search_interactions(rows, search)
    if start := periods.find_start(used.get("range", ""), timezone.now()):
        rows = rows.filter(timestamp__gte=int(start.timestamp() * 1000))
    if "decision_id" in used:
        rows = rows.filter(decision_id=used["decision_id"])
    if "did" in used:
        rows = filter_by_memory(project, rows, used["did"])
    accepts = []
    if "error" in used:
        rows = rows.filter(Q(failed=True) | Q(success=False))
        accepts.append(payload_search.accept_error(used["error"]))
    if "tag" in used:
        accepts.append(payload_search.accept_tag(used["tag"]))
    rows = annotate_numbers(interactions.annotate_payload(rows))
    return InteractionSelection(everything, rows, used, sort, indexed, accepts)


def filter_by_memory(project: Project, rows: Any, did: str) -> Any:
    """What the memory did: nothing when there is no decision, or one without an arm."""
    made = Decision.objects.filter(project=project, id=OuterRef("decision_id"))
    if did in ARMS:
        return rows.filter(Exists(made.filter(arm__in=ARMS[did])), decision_id__isnull=False)
    acted = [arm for arms in ARMS.values() for arm in arms]
    return rows.filter(Q(decision_id__isnull=True) | ~Exists(made.filter(arm__in=acted)))


def annotate_numbers(rows: Any) -> Any:
    """Tokens and cost as they are shown: the total or its parts; reported, or by the price list."""
    zero = {"output_field": FloatField()}
    parts = Coalesce("input_tokens", 0.0, **zero) + Coalesce("output_tokens", 0.0, **zero)
    known = Q(input_tokens__isnull=False) | Q(output_tokens__isnull=False)
    return rows.annotate(
        tokens_known=Coalesce("token_count", when(known, parts)),
        cost_known=Coalesce("cost", F("list_cost")),
    )


def when(condition: Q, value: Any) -> Any:
    return Case(When(condition, then=value), output_field=FloatField())


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
    context = {"periods": periods.CHOICES, "note": describe_reach(chosen)}
    return render_list(request, listing, "interactions/list.html", context)


def describe_reach(chosen: InteractionSelection) -> str:
    if chosen.accepts:
        return f"each page searches {payload_search.SEARCHED:,} payloads"
    if chosen.sort != SPEC.default_sort:
        return f"in order among the newest {REACH:,}"
    if not chosen.indexed:
        return f"each page searches {chosen.reach:,} interactions"
    return "watched: recognised, not changed by Feature Memory"


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
        interactions.format_part(part, raw)
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
            numbers, _, _ = payload_search.search(
                chosen.rows, row.number, 1, chosen.accepts, backwards=backwards
            )
            ends.append(chosen.everything.filter(number__in=numbers).first())
        return ends[0], ends[1]
    near = {"number__gt": row.number - REACH, "number__lt": row.number + REACH}
    return find_neighbours(chosen.rows.filter(**near), chosen.sort, row, key="number")


def count_interactions(project: Project, given: Mapping[str, Any]) -> str:
    """How many match: all of them where an index counts, else those among the newest."""
    chosen = select_interactions(project, given, SPEC.default_sort)
    newest = chosen.everything.order_by("-number").values_list("number", flat=True).first() or 0
    if chosen.accepts:
        found, _, ended = payload_search.search(
            chosen.rows, newest + 1, MOST_FOUND, chosen.accepts, backwards=False
        )
        return figures.number(len(found)) + ("" if ended else "+")
    rows = chosen.rows.order_by()
    if not chosen.indexed or not chosen.used:
        rows = rows.filter(number__gt=newest - REACH)
    further = not chosen.indexed and newest > REACH
    return figures.number(rows.count()) + ("+" if further else "")


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
        yield values | {"input": interactions.preview_input(row.data)}
