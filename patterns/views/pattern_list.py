"""The list of patterns: a page of filtered rows with their figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from featurememory.config import config_of
from featurememory.http.pagination import parse_limit
from featurememory.http.pagination import read_page as keyset_page
from featurememory.models import Project
from featurememory.page_access import count_statuses, current_project, page, render_page
from featurememory.templatetags import figures
from featurememory.templatetags.drawings import short
from patterns.criteria import PatternCriteria
from patterns.models import Pattern
from patterns.recognition.related import SIMILAR_NEEDED, count_similar
from patterns.serializers import family_of
from patterns.statistics import series
from patterns.views.list_filters import (
    build_chips,
    build_heads,
    build_page_query,
    build_prunable_query,
    build_tabs,
)

COUNTED_AT_ONCE = 2000
# Columns a list shows; the engine state and other large ones are not read.
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


def select_patterns(project: Project) -> Any:
    return Pattern.objects.filter(project=project)


def filter_patterns(request: HttpRequest) -> tuple[PatternCriteria, Any]:
    """The criteria of the query string and their rows of the current project."""
    criteria = PatternCriteria.parse(request.GET.dict())
    return criteria, criteria.apply(select_patterns(current_project(request)))


def build_rows(project: Project, patterns: list[Pattern]) -> list[PatternListRow]:
    """Patterns with their all-time sums and the last 14 days, in three queries."""
    owners = family_of(pattern.pk for pattern in patterns)
    sums = series.read_totals(project.pk, owners)
    days = series.count_daily(project.pk, owners, timezone.now())
    return [build_row(pattern, sums[pattern.pk], days[pattern.pk]) for pattern in patterns]


def build_row(pattern: Pattern, sums: series.Sums, days: list[int]) -> PatternListRow:
    name = str(pattern.pk)
    return PatternListRow(pattern, sums, days, SafeString(name), SafeString(short(name)))


@page
def list_patterns(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    criteria, queryset = filter_patterns(request)
    limit = parse_limit(request.GET.get("limit"))
    found = keyset_page(queryset.only(*SHOWN), criteria.sort, request.GET.get("cursor"), limit)
    counts = count_statuses(request)
    prunable = count_prunable(project, counts)
    query = criteria.query()
    made = build_tabs(criteria, counts, prunable)
    current = next((tab for tab in made if tab.current and "q" not in query), None)
    context = {
        "criteria": criteria,
        "rows": build_rows(project, found.rows),
        "next": build_page_query(query, found.next, limit),
        "previous": build_page_query(query, found.previous, limit),
        "query": urlencode(query),
        "clear": urlencode({"sort": criteria.sort} if "sort" in query else {}),
        "total": current.count if current else None,
        "tabs": made,
        "chips": build_chips(criteria),
        "heads": build_heads(criteria),
        "hidden": [(name, value) for name, value in query.items() if name == "sort"],
        "threshold": config_of(project.pk).confidence_threshold,
        "counts": counts,
        "filtered": bool(set(query) - {"sort"}),
        **describe_empty(counts, project),
    }
    return render_page(request, "patterns/list.html", "patterns/_list.html", context)


def count_prunable(project: Project, counts: dict[str, int]) -> int | None:
    """None when there are many candidates: the page then requests the count afterwards."""
    if counts.get("candidate", 0) > COUNTED_AT_ONCE:
        return None
    return PatternCriteria.parse(build_prunable_query()).apply(select_patterns(project)).count()


def describe_empty(counts: dict[str, int], project: Project) -> dict[str, int]:
    """For the page without patterns: how far the first one is."""
    if counts.get("all"):
        return {}
    return {"similar": count_similar(project), "needed": SIMILAR_NEEDED}


@page
def count_matching(request: HttpRequest) -> HttpResponse:
    """How many match the filter; requested after the rows, because counting can take longer."""
    _, queryset = filter_patterns(request)
    return HttpResponse(figures.number(queryset.count()))
