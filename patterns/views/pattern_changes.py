"""What people change: prune with its consequences shown first, undo, restore, pin, merge, split, label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from featurememory.models import Project
from featurememory.page_access import changing, current_project, is_part, show
from featurememory.templatetags import figures
from patterns.criteria import PatternCriteria
from patterns.curation import editing, history, merging, pruning, splitting
from patterns.curation import undo as curation_undo
from patterns.models import Operation, Pattern

MOST_IDS = 1000
# Pages that a form without script may lead back to.
BACK = ("/patterns/trash/", "/activity/")


def chosen(project: Project, given: QueryDict) -> Any:
    """The rows a form means: the ticked ids, or all that match its filter up to `upto`.

    `upto` freezes "all that match": rows that arrive after the dialog opened are not hit.
    """
    rows = Pattern.objects.stored().filter(project=project)
    if given.get("all") != "1":
        ids = [history.parse_id(text) for text in given.getlist("ids")[:MOST_IDS]]
        return rows.filter(pk__in=ids)
    matching = PatternCriteria.parse(filter_of(given)).apply(rows)
    if upto := given.get("upto"):
        matching = matching.filter(pk__lte=history.parse_id(upto))
    return matching


def filter_of(given: QueryDict) -> Mapping[str, str]:
    return QueryDict(given.get("query", "")).dict()


def actor(request: HttpRequest) -> str:
    return str(request.user.get_username())


@changing
def prune(request: HttpRequest) -> HttpResponse:
    """GET counts what would happen and asks; POST prunes, as one operation with one Undo."""
    project = current_project(request)
    if request.method != "POST":
        return ask(request, project)
    operation = pruning.prune(project, chosen(project, request.POST), actor(request))
    until = figures.day(timezone.now() + history.KEPT)
    text = f"Pruned {history.plural(operation.affected)}. In the trash until {until}."
    return done(request, text, operation, request.POST.get("back", ""))


def ask(request: HttpRequest, project: Project) -> HttpResponse:
    rows = chosen(project, request.GET)
    upto = ""
    if request.GET.get("all") == "1" and (newest := rows.order_by("-pk").values("pk").first()):
        upto = str(newest["pk"])
    context = {
        "what": pruning.consequences(project, rows),
        "ids": request.GET.getlist("ids") if request.GET.get("all") != "1" else [],
        "all": request.GET.get("all", ""),
        "upto": upto,
        "query": request.GET.get("query", ""),
        "back": request.GET.get("back", ""),
        "until": timezone.now() + history.KEPT,
    }
    return show(request, "patterns/prune.html", "patterns/_prune.html", context)


def done(
    request: HttpRequest, text: str, operation: Operation | None, back: str = ""
) -> HttpResponse:
    """A toast with Undo, and the lists of the page read again; without script a page with it."""
    undo = operation if operation and operation.kind != "restore" else None
    if not is_part(request):
        messages.success(request, text, extra_tags=str(undo.pk) if undo else "")
        return redirect(back if back in BACK else "patterns")
    if back == "leave":
        messages.success(request, text, extra_tags=str(undo.pk) if undo else "")
        return HttpResponse(headers={"HX-Redirect": "/patterns/"})
    response = render(request, "_toast.html", {"text": text, "undo": undo})
    return trigger_client_event(trigger_client_event(response, "changed"), "closeDialog")


@require_POST
@changing
def restore(request: HttpRequest) -> HttpResponse:
    """Undo an operation as a whole, or take the ticked patterns out of the trash."""
    project = current_project(request)
    operation_id = request.POST.get("operation_id")
    ids = None if operation_id else request.POST.getlist("ids")[:MOST_IDS]
    operation = curation_undo.restore(project, actor(request), operation_id, ids)
    text = f"Restored {history.plural(operation.affected)}."
    return done(request, text, None, request.POST.get("back", ""))


@require_POST
@changing
def pin(request: HttpRequest) -> HttpResponse:
    """Pinned patterns are never pruned by the memory itself."""
    project = current_project(request)
    pinned = request.POST.get("pinned", "1") == "1"
    rows = list(chosen(project, request.POST).exclude(pinned=pinned)[:MOST_IDS])
    for row in rows:
        editing.edit(project, row, actor(request), pinned=pinned)
    word = "Pinned" if pinned else "Unpinned"
    return answer(request, f"{word} {history.plural(len(rows))}.", None)


def answer(request: HttpRequest, text: str, operation: Operation | None) -> HttpResponse:
    """For a list: toast and fresh rows. For the page of one pattern: that page again."""
    single = request.POST.get("single")
    if not single:
        return done(request, text, operation)
    messages.success(request, text, extra_tags=str(operation.pk) if operation else "")
    return redirect("pattern", pattern_id=history.parse_id(single))


@require_POST
@changing
def merge(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    ids = [
        str(row) for row in chosen(project, request.POST).values_list("pk", flat=True)[:MOST_IDS]
    ]
    operation, targets = merging.merge(project, ids, actor(request))
    return done(request, f"Merged {history.plural(len(ids))} into {targets[0][-8:]}.", operation)


@require_POST
@changing
def split(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    """One pattern for each value of a slot."""
    project = current_project(request)
    get_object_or_404(Pattern, project=project, pk=pattern_id)
    slot = request.POST.get("slot", "")
    operation, targets = splitting.split(
        project, str(pattern_id), actor(request), slot=slot, example_ids=()
    )
    text = f"Split by {slot} into {history.plural(len(targets))}."
    messages.success(request, text, extra_tags=str(operation.pk))
    return redirect("patterns")


@require_POST
@changing
def label(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    project = current_project(request)
    pattern = get_object_or_404(Pattern, project=project, pk=pattern_id)
    editing.edit(project, pattern, actor(request), label=request.POST.get("label", "")[:200])
    return redirect("pattern", pattern_id=pattern_id)
