"""The list of patterns: a page of filtered rows with their figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from featurememory.config import config_of
from featurememory.http.pagination import Page, parse_limit
from featurememory.http.pagination import read_page as keyset_page
from featurememory.lists import periods
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.neighbours import find_neighbours
from featurememory.lists.pages import build_listing, render_list, render_panel, wants_panel
from featurememory.lists.table_html import peek_query
from featurememory.models import Project
from featurememory.page_access import count_statuses, current_project, page
from featurememory.templatetags import figures
from patterns.criteria import PatternCriteria
from patterns.models import ModelInteraction, Pattern
from patterns.recognition.related import SIMILAR_NEEDED, count_similar
from patterns.serializers import family_of
from patterns.statistics import series
from patterns.views.interactions import annotate_payload, build_previews
from patterns.views.pattern_columns import (
    SPEC,
    PatternListRow,
    build_prunable_query,
    build_tabs,
    read_shares,
    read_used,
)

PEEKED = 5
COUNTED_AT_ONCE = 2000
# Columns a list shows; the engine state and other large ones are not read.
SHOWN = (
    "pk",
    "project_id",
    "label",
    "template",
    "parts",
    "task_type",
    "model_id",
    "status",
    "pinned",
    "confidence",
    "effectiveness",
    "success_rate",
    "duration_p95",
    "tokens_mean",
    "use_count",
    "last_used",
    "created_at",
)


def select_patterns(project: Project) -> Any:
    return Pattern.objects.filter(project=project)


def filter_patterns(project: Project, given: Mapping[str, Any]) -> tuple[PatternCriteria, Any]:
    """The criteria of a query string and their rows."""
    criteria = PatternCriteria.parse(given)
    return criteria, criteria.apply(select_patterns(project))


def build_rows(project: Project, patterns: list[Pattern]) -> list[PatternListRow]:
    """Patterns with their last 14 days, in two queries."""
    owners = family_of(pattern.pk for pattern in patterns)
    days = series.count_daily(project.pk, owners, timezone.now())
    mark = config_of(project.pk).confidence_threshold
    return [PatternListRow(p, days[p.pk], mark) for p in patterns]


@page
def list_patterns(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    given = read_shares(request.GET.dict())
    criteria, queryset = filter_patterns(project, given)
    limit = parse_limit(given.get("limit"))
    if wants_panel(request):
        none: Page[Pattern] = Page([], None, None)
        listing = build_listing(request, SPEC, none, read_used(criteria), criteria.sort, [])
        shown = queryset.only(*SHOWN)
        return render_panel(request, listing, find_panel(project, criteria, shown, listing, given))
    shown = criteria.apply_in_order(select_patterns(project)).only(*SHOWN)
    found = keyset_page(shown, criteria.sort, given.get("cursor"), limit)
    counts = count_statuses(request)
    tabs = build_tabs(criteria, counts, count_prunable(project, counts))
    used = read_used(criteria)
    rows = build_rows(project, found.rows)
    current = next((tab for tab in tabs if tab.current and not set(used) & {"q", "range"}), None)
    total = current.count if current else None
    listing = build_listing(
        request, SPEC, found, used, criteria.sort, rows, limit=limit, tabs=tabs, total=total
    )
    context = {
        "threshold_text": figures.share(config_of(project.pk).confidence_threshold),
        "periods": periods.CHOICES,
        "counts": counts,
        **describe_empty(counts, project),
    }
    return render_list(request, listing, "patterns/list.html", context)


def find_panel(
    project: Project,
    criteria: PatternCriteria,
    rows: Any,
    listing: Listing,
    given: Mapping[str, Any],
) -> PeekPanel | None:
    """The pattern beside the list; None when it is gone, for then the list says enough."""
    pattern = select_patterns(project).filter(pk=to_uuid(given.get("peek"))).first()
    if pattern is None:
        return None
    before, after = find_neighbours(rows, criteria.sort, pattern)
    recent = ModelInteraction.objects.filter(project=project, pattern_id=pattern.pk)
    sums = series.read_totals(project.pk, family_of([pattern.pk]))[pattern.pk]
    newest = build_previews(annotate_payload(recent).order_by("-number")[:PEEKED])
    return PeekPanel(
        pattern,
        SPEC.peek,
        {"peeked": pattern, "sums": sums, "newest": newest},
        peek_query(listing, str(after.pk)) if after else "",
        peek_query(listing, str(before.pk)) if before else "",
    )


def to_uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def count_prunable(project: Project, counts: dict[str, int]) -> int | None:
    """None when there are many candidates: the page then requests the count afterwards."""
    candidates = counts.get("candidate", 0)
    if not candidates or candidates > COUNTED_AT_ONCE:
        return None if candidates else 0
    return PatternCriteria.parse(build_prunable_query()).apply(select_patterns(project)).count()


def describe_empty(counts: dict[str, int], project: Project) -> dict[str, int]:
    """For the page without patterns: how far the first one is."""
    if counts.get("all"):
        return {}
    return {"similar": count_similar(project), "needed": SIMILAR_NEEDED}


def count_patterns(project: Project, given: Mapping[str, str]) -> int:
    """How many match the filter; asked for after the rows, because counting can take longer."""
    _, queryset = filter_patterns(project, given)
    return int(queryset.count())
