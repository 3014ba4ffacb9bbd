"""The trash: pruned patterns with who, why and until when, and Restore."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from featurememory.http.pagination import read_page as keyset_page
from featurememory.page_access import current_project, page, render_page
from patterns.curation import history, pruning
from patterns.views.pattern_list import SHOWN


@page
def list_trash(request: HttpRequest) -> HttpResponse:
    rows = pruning.select_trash(current_project(request)).order_by()
    shown = rows.only(*SHOWN, "archived_at", "archived_by", "archived_why")
    found = keyset_page(shown, "-archived_at", request.GET.get("cursor"), 50)
    for row in found.rows:
        row.until = row.archived_at + history.UNDO_PERIOD
    context = {"page": found, "total": rows.count()}
    return render_page(request, "patterns/trash.html", "patterns/_trash.html", context)
