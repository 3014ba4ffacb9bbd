"""The dialogs in which a person pins, blocks, suspends or retires an optimization."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from featurememory.page_access import changing, current_project, render_page
from optimizations.manager import VERBS, OptimizationManager
from optimizations.models import Decision
from optimizations.views.optimizations import CACHES, PURGE, find_optimization

CONSEQUENCES = {
    "pin": "It is applied from the next task on, whatever the evidence says. The holdout remains, "
    "so that its effect stays measurable.",
    "unpin": "The evidence decides again.",
    "block": "It stops at once and is not applied again until you unblock it.",
    "unblock": "It may be tried again and has to prove itself.",
    "suspend": "It stops at once, until you resume it.",
    "resume": "It goes back on trial against a control group.",
    "retire": "It ends; its evidence and history are kept.",
    PURGE: "Every cached answer of this project is deleted at once. The next task of each "
    "kind runs again, and its answer is cached anew.",
}


@changing
def act(request: HttpRequest, optimization_id: str, verb: str) -> HttpResponseBase:
    """GET shows the consequences and asks for confirmation; POST carries it out."""
    row = find_optimization(request, optimization_id)
    if verb not in VERBS and not (verb == PURGE and row.type in CACHES):
        raise Http404(verb)
    if request.method == "POST":
        manager, person = OptimizationManager(current_project(request)), request.user
        if verb == PURGE:
            manager.purge_cache(str(person.get_username()))
        else:
            manager.act(row.id, verb, str(person.get_username()))
        messages.success(request, f"{PAST[verb]}: {row.summary or row.type}.")
        return redirect("optimization", optimization_id=row.id)
    context = {
        "row": row,
        "verb": verb,
        "consequence": CONSEQUENCES[verb],
        "open": Decision.objects.filter(
            project_id=row.project_id, optimization_id=row.id, interaction=None
        ).count(),
    }
    return render_page(request, "optimizations/act.html", "optimizations/_act.html", context)


PAST = {
    "pin": "Pinned",
    "unpin": "Unpinned",
    "block": "Blocked",
    "unblock": "Unblocked",
    "suspend": "Suspended",
    "resume": "Resumed",
    "retire": "Retired",
    PURGE: "Purged",
}
