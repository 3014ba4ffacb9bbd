"""How many rows each view of a list has: asked for after the page, all in one request."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from featurememory.page_access import current_project, page
from featurememory.templatetags import figures
from integration.views.lists.activity_list import ACTIVITY
from integration.views.lists.jobs_list import JOBS
from integration.views.navigation import count_live
from optimizations.views.interactions.selection import count_interactions
from optimizations.views.optimization_list import OPTIMIZATIONS
from optimizations.views.registered_models import count_models
from patterns.views.pattern_list import count_patterns


def count_calls(project: Project, given: Mapping[str, str]) -> int | str:
    """All of them as the top bar counts them; what a filter leaves, as far as a search reaches."""
    return (
        count_interactions(project, given) if set(given) - {"sort"} else count_live(project).count
    )


COUNTERS: dict[str, Callable[[Project, Mapping[str, str]], int | str]] = {
    "patterns": count_patterns,
    "interactions": count_calls,
    "optimizations": OPTIMIZATIONS.count,
    "models": count_models,
    "jobs": JOBS.count,
    "activity": ACTIVITY.count,
}
ELEMENT = re.compile(r"tab\d{1,3}|total")
# What is not counted by then is left to a request of its own, so that none holds a worker for long.
TURN_S = 0.2


@page
def count_views(request: HttpRequest, name: str) -> HttpResponse:
    """Parameters are ids of elements with the query that each of them counts."""
    if name not in COUNTERS:
        raise Http404(name)
    project, until = current_project(request), time.monotonic() + TURN_S
    wanted = {one: query for one, query in request.GET.dict().items() if ELEMENT.fullmatch(one)}
    counted: dict[str, str] = {}
    known: dict[str, str] = {}  # a list without filters has the total of its first view
    while wanted and (not counted or time.monotonic() < until):
        element = next(iter(wanted))
        query = wanted.pop(element)
        if query not in known:
            known[query] = count_rows(name, project, query)
        counted[element] = known[query]
    context = {"name": name, "counted": counted, "rest": urlencode(wanted)}
    return render(request, "lists/_counts.html", context)


def count_rows(name: str, project: Project, query: str) -> str:
    """A dash for the query of a view that is no longer understood."""
    try:
        found = COUNTERS[name](project, dict(parse_qsl(query)))
        return figures.number(found) if isinstance(found, int) else found
    except FeatureMemoryError:
        return "—"
