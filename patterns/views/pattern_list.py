"""The list of patterns: a page of rows of the filter, each with its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from featurememory.config import config_of
from featurememory.http.pagination import limit_from
from featurememory.http.pagination import page as keyset_page
from featurememory.models import Project
from featurememory.page_access import current_project, page, show, status_counts
from featurememory.templatetags import figures
from featurememory.templatetags.drawings import short
from patterns.criteria import PatternCriteria
from patterns.models import ModelInteraction, Pattern
from patterns.serializers import family_of
from patterns.statistics import series
from patterns.views.list_filters import chips, heads, link, prunable_query, tabs

COUNTED_AT_ONCE = 2000
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
class PatternListRow:
    """A pattern with its figures; `id` and `short` are written once for all their places."""

    pattern: Pattern
    sums: series.Sums
    days: list[int]
    id: SafeString
    short: SafeString


def stored(project: Project) -> Any:
    return Pattern.objects.filter(project=project)


def filtered(request: HttpRequest) -> tuple[PatternCriteria, Any]:
    """The criteria of the query string and their rows of the current project."""
    criteria = PatternCriteria.parse(request.GET.dict())
    return criteria, criteria.apply(stored(current_project(request)))


def rows_of(project: Project, patterns: list[Pattern]) -> list[PatternListRow]:
    """Patterns with their all-time sums and the last 14 days, in three queries."""
    owners = family_of(pattern.pk for pattern in patterns)
    sums = series.figures_of(project.pk, owners)
    days = series.daily_counts(project.pk, owners, timezone.now())
    return [row_of(pattern, sums[pattern.pk], days[pattern.pk]) for pattern in patterns]


def row_of(pattern: Pattern, sums: series.Sums, days: list[int]) -> PatternListRow:
    name = str(pattern.pk)
    return PatternListRow(pattern, sums, days, SafeString(name), SafeString(short(name)))


@page
def patterns(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    criteria, queryset = filtered(request)
    limit = limit_from(request.GET.get("limit"))
    found = keyset_page(queryset.only(*SHOWN), criteria.sort, request.GET.get("cursor"), limit)
    counts = status_counts(request)
    prunable = prunable_count(project, counts)
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


def prunable_count(project: Project, counts: dict[str, int]) -> int | None:
    """None when there are many candidates: counting reads them all, so the page asks afterwards."""
    if counts.get("candidate", 0) > COUNTED_AT_ONCE:
        return None
    return PatternCriteria.parse(prunable_query()).apply(stored(project)).count()


def most_similar(counts: dict[str, int], project: Project) -> int:
    """For the empty page: how far the first pattern is."""
    if counts.get("all"):
        return 0
    return len(ModelInteraction.objects.filter(project=project).values_list("pk")[:2])


@page
def total(request: HttpRequest) -> HttpResponse:
    """How many match the filter: asked after the rows, because counting can take longer."""
    _, queryset = filtered(request)
    return HttpResponse(figures.number(queryset.count()))
