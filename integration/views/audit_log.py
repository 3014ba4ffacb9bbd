"""The audit log as a page, for people who may change something."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from featurememory.http import pagination
from featurememory.page_access import changing, current_project, render_page
from integration.api.audit import filter_entries, select_entries


@changing
def list_entries(request: HttpRequest) -> HttpResponse:
    rows = filter_entries(select_entries(current_project(request)), request.GET)
    found = pagination.read_page(rows, "-number", request.GET.get("cursor"), 50, key="number")
    return render_page(request, "audit.html", "_audit.html", {"page": found})
