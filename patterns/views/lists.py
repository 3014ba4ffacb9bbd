"""The list of patterns: views, filters, a page of rows, CSV and JSONL of exactly what is filtered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from featurememory.config import config_of
from featurememory.keyset import limit_from
from featurememory.keyset import page as keyset_page
from featurememory.models import Project
from featurememory.pages import current_project, page, show, status_counts
from featurememory.templatetags import figures
from patterns import series
from patterns.criteria import PatternCriteria
from patterns.models import ModelInteraction, Pattern
from patterns.serializers import family_of
from patterns.views.twins import csv_response

UNUSED_DAYS = 30
# What a list shows; the engine's state and the sketches stay in the database.
SHOWN = (
    "pk",
    "project_id",
    "label",
    "template",
    "parts",
    "task_type",
    "status",
    "pinned",
    "confidence",
    "effectiveness",
    "use_count",
    "last_used",
    "created_at",
)


@dataclass(frozen=True)
class Tab:
    """A view: a stored query string with its count."""

    name: str
    query: str
    count: int | None
    current: bool


@dataclass(frozen=True)
class Chip:
    """One filter in force, and the query string without it."""

    field: str
    operator: str
    value: str
    without: str


@dataclass(frozen=True)
class Row:
    pattern: Pattern
    sums: series.Sums
    days: list[int]


def tabs(criteria: PatternCriteria, counts: dict[str, int], prunable: int) -> list[Tab]:
    """All, one for each state, and what could be pruned without loss."""
    query = criteria.query()
    here = {name: value for name, value in query.items() if name not in ("sort", "q")}
    made: list[tuple[str, dict[str, str], int]] = [("All", {}, counts.get("all", 0))]
    for name, status in (
        ("Validated", "validated"),
        ("Candidates", "candidate"),
        ("Drifting", "drifting"),
    ):
        made.append((name, {"status": status}, counts.get(status, 0)))
    made.append(("Prunable", prunable_query(), prunable))
    return [Tab(name, urlencode(q), n, here == as_parsed(q)) for name, q, n in made]


def as_parsed(query: dict[str, str]) -> dict[str, str]:
    return PatternCriteria.parse(query).query()


def prunable_query() -> dict[str, str]:
    """Unpinned candidates that nothing matched for 30 days."""
    since = timezone.now().date() - timedelta(days=UNUSED_DAYS)
    return {"status": "candidate", "pinned": "false", "used_before": since.isoformat()}


WORDS = {
    "status": ("State", ""),
    "model_id": ("Model", ""),
    "task_type": ("Task", ""),
    "min_confidence": ("Confidence", "≥"),
    "max_confidence": ("Confidence", "<"),
    "min_effectiveness": ("Effectiveness", "≥"),
    "used_before": ("Last seen", "before"),
    "used_after": ("Last seen", "since"),
    "pinned": ("Pinned", ""),
    "q": ("Search", ""),
}


def chips(criteria: PatternCriteria) -> list[Chip]:
    query = criteria.query()
    made = []
    for name, (field, operator) in WORDS.items():
        if name in query and name != "q":
            rest = {key: value for key, value in query.items() if key != name}
            made.append(Chip(field, operator, spoken(name, query[name]), urlencode(rest)))
    return made


def spoken(name: str, value: str) -> str:
    if name in ("used_before", "used_after"):
        return value[:10]
    if name == "pinned":
        return "yes" if value == "True" else "no"
    return value.replace(",", " or ") if name == "status" else value


def stored(project: Project) -> Any:
    return Pattern.objects.filter(project=project)


def filtered(request: HttpRequest) -> tuple[PatternCriteria, Any]:
    """The criteria of the query string and their rows of the current project."""
    criteria = PatternCriteria.parse(request.GET.dict())
    return criteria, criteria.apply(stored(current_project(request)))


def rows_of(project: Project, patterns: list[Pattern]) -> list[Row]:
    """Patterns with their all-time sums and the last 14 days, in three queries."""
    owners = family_of(pattern.pk for pattern in patterns)
    sums = series.figures_of(project.pk, owners)
    days = series.daily_counts(project.pk, owners, timezone.now())
    return [Row(pattern, sums[pattern.pk], days[pattern.pk]) for pattern in patterns]


@page
def patterns(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    criteria, queryset = filtered(request)
    limit = limit_from(request.GET.get("limit"))
    found = keyset_page(queryset.only(*SHOWN), criteria.sort, request.GET.get("cursor"), limit)
    counts = status_counts(request)
    prunable = PatternCriteria.parse(prunable_query()).apply(stored(project)).count()
    query = criteria.query()
    made = tabs(criteria, counts, prunable)
    current = next((tab for tab in made if tab.current and "q" not in query), None)
    context = {
        "criteria": criteria,
        "rows": rows_of(project, found.rows),
        "next": link(query, found.next, limit),
        "previous": link(query, found.previous, limit),
        "query": urlencode(query),
        "clear": urlencode({"sort": criteria.sort} if "sort" in query else {}),
        "total": current.count if current else None,
        "tabs": made,
        "chips": chips(criteria),
        "heads": heads(criteria),
        "hidden": [(name, value) for name, value in query.items() if name == "sort"],
        "threshold": config_of(project.pk).confidence_threshold,
        "counts": counts,
        "filtered": bool(set(query) - {"sort"}),
        "similar": most_similar(counts, project),
    }
    return show(request, "patterns/list.html", "patterns/_list.html", context)


def most_similar(counts: dict[str, int], project: Project) -> int:
    """For the empty page: how far the first pattern is."""
    if counts.get("all"):
        return 0
    return len(ModelInteraction.objects.filter(project=project).values_list("pk")[:2])


def link(query: dict[str, str], cursor: str | None, limit: int) -> str | None:
    """The query string of a neighbouring page."""
    if cursor is None:
        return None
    size = {} if limit == 50 else {"limit": str(limit)}
    return urlencode({**query, **size, "cursor": cursor})


@dataclass(frozen=True)
class Head:
    """A sortable column: the query string that sorts by it, and how it is sorted now."""

    name: str
    query: str
    direction: str


def heads(criteria: PatternCriteria) -> dict[str, Head]:
    made = {}
    for field, name in (
        ("confidence", "Confidence"),
        ("use_count", "Matches"),
        ("effectiveness", "Effectiveness"),
        ("last_used", "Last seen"),
    ):
        now = {field: "ascending", f"-{field}": "descending"}.get(criteria.sort, "none")
        turned = field if now == "descending" else f"-{field}"
        made[field] = Head(name, urlencode({**criteria.query(), "sort": turned}), now)
    return made


@page
def total(request: HttpRequest) -> HttpResponse:
    """How many match the filter: asked after the rows, because counting can take longer."""
    _, queryset = filtered(request)
    return HttpResponse(figures.number(queryset.count()))


COLUMNS = (
    "id",
    "template",
    "label",
    "task_type",
    "model_id",
    "status",
    "pinned",
    "confidence",
    "effectiveness",
    "use_count",
    "created_at",
    "last_used",
)
BATCH = 500


def exported(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """Exactly the rows of the filter (or the chosen ids), in the order of the list."""
    criteria, queryset = filtered(request)
    if ids := request.GET.getlist("ids"):
        queryset = queryset.filter(pk__in=[value for value in ids if is_uuid(value)])
    cursor: str | None = None
    while True:
        found = keyset_page(queryset.only("pk", *COLUMNS[1:]), criteria.sort, cursor, BATCH)
        for row in found.rows:
            yield {name: plain(getattr(row, name)) for name in COLUMNS}
        if (cursor := found.next) is None:
            return


def is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


@page
def csv_file(request: HttpRequest) -> StreamingHttpResponse:
    filtered(request)  # a bad filter is refused before the first line is sent
    rows = (row.values() for row in exported(request))
    return csv_response("patterns.csv", list(COLUMNS), rows)


@page
def jsonl_file(request: HttpRequest) -> StreamingHttpResponse:
    filtered(request)
    lines = (msgspec.json.encode(row) + b"\n" for row in exported(request))
    response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    response["Content-Disposition"] = 'attachment; filename="patterns.jsonl"'
    return response
