"""One pattern with memory and in the holdout. Requested after the page, because it reads decisions."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from featurememory.page_access import current_project, page, render_page
from optimizations.summaries.arms_of_pattern import NEWEST, compare_arms
from patterns.views.pattern_detail import find_pattern


@page
def show_arms(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    project = current_project(request)
    row, family = find_pattern(project, pattern_id)
    context = {"pattern": row, "arms": compare_arms(project, family), "newest": NEWEST}
    return render_page(request, "patterns/arms.html", "patterns/_arms.html", context)
