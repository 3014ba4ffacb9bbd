"""Changes to patterns: prune (after showing the consequences), undo, restore, pin, merge, label."""

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

from featurememory.http.base_path import place_path
from featurememory.models import Project
from featurememory.page_access import changing, current_project, is_part, render_page
from featurememory.templatetags import figures
from patterns.criteria import PatternCriteria, parse_id
from patterns.curation import editing, history, merging, pruning
from patterns.curation import undo as curation_undo
from patterns.models import Operation, Pattern

MOST_IDS = 1000
# Pages that a form without JavaScript may return to.
BACK = ("/patterns/trash/", "/activity/")


def choose_patterns(project: Project, given: QueryDict) -> Any:
    """The rows a form selects: the ticked ids, or all that match its filter up to the id `upto`.

    `upto` excludes rows that arrive after the dialog was opened.
    """
    rows = Pattern.objects.stored().filter(project=project)
    if given.get("all") != "1":
        ids = [parse_id(text) for text in given.getlist("ids")[:MOST_IDS]]
        return rows.filter(pk__in=ids)
    matching = PatternCriteria.parse(parse_filter(given)).apply(rows)
    if upto := given.get("upto"):
        matching = matching.filter(pk__lte=parse_id(upto))
    return matching


def parse_filter(given: QueryDict) -> Mapping[str, str]:
    return QueryDict(given.get("query", "")).dict()


def name_actor(request: HttpRequest) -> str:
    return str(request.user.get_username())


@changing
def prune_patterns(request: HttpRequest) -> HttpResponse:
    """GET shows the consequences and asks; POST prunes as one operation with one Undo."""
    project = current_project(request)
    if request.method != "POST":
        return confirm_prune(request, project)
    chosen = choose_patterns(project, request.POST)
    missing = describe_missing(request.POST, chosen)
    operation = pruning.prune_patterns(project, chosen, name_actor(request))
    until = figures.day(timezone.now() + history.UNDO_PERIOD)
    text = f"Pruned {history.format_pattern_count(operation.affected)}. In the trash until {until}.{missing}"
    return respond_done(request, text, operation, request.POST.get("back", ""))


def confirm_prune(request: HttpRequest, project: Project) -> HttpResponse:
    rows = choose_patterns(project, request.GET).narrowed()
    upto = ""
    if request.GET.get("all") == "1" and (newest := rows.order_by("-pk").values("pk").first()):
        upto = str(newest["pk"])
    context = {
        "what": pruning.count_consequences(project, rows),
        "ids": request.GET.getlist("ids") if request.GET.get("all") != "1" else [],
        "all": request.GET.get("all", ""),
        "upto": upto,
        "query": request.GET.get("query", ""),
        "back": request.GET.get("back", ""),
        "until": timezone.now() + history.UNDO_PERIOD,
    }
    return render_page(request, "patterns/prune.html", "patterns/_prune.html", context)


def respond_done(
    request: HttpRequest, text: str, operation: Operation | None, back: str = ""
) -> HttpResponse:
    """A toast with Undo and reloaded lists; without JavaScript a redirect with a message."""
    undo = operation if operation and operation.kind != "restore" else None
    if not is_part(request):
        messages.success(request, text, extra_tags=str(undo.pk) if undo else "")
        return redirect(place_path(back) if back in BACK else "patterns")
    if back == "leave":
        messages.success(request, text, extra_tags=str(undo.pk) if undo else "")
        return HttpResponse(headers={"HX-Redirect": place_path("/patterns/")})
    response = render(request, "_toast.html", {"text": text, "undo": undo})
    return trigger_client_event(trigger_client_event(response, "changed"), "closeDialog")


@require_POST
@changing
def restore_patterns(request: HttpRequest) -> HttpResponse:
    """Undo a whole operation, or restore the ticked patterns from the trash."""
    project = current_project(request)
    operation_id = request.POST.get("operation_id")
    ids = None if operation_id else request.POST.getlist("ids")[:MOST_IDS]
    operation = curation_undo.undo_or_restore(project, name_actor(request), operation_id, ids)
    text = f"Restored {history.format_pattern_count(operation.affected)}."
    return respond_done(request, text, None, request.POST.get("back", ""))


@require_POST
@changing
def pin_patterns(request: HttpRequest) -> HttpResponse:
    """Pin or unpin patterns; pinned ones are never pruned automatically."""
    project = current_project(request)
    pinned = request.POST.get("pinned", "1") == "1"
    chosen = choose_patterns(project, request.POST)
    rows = list(chosen.exclude(pinned=pinned)[:MOST_IDS])
    operation = editing.pin_patterns(project, rows, name_actor(request), pinned)
    word = "Pinned" if pinned else "Unpinned"
    text = f"{word} {history.format_pattern_count(len(rows))}." if rows else "Nothing to change:"
    if len(rows) == MOST_IDS and (left := chosen.exclude(pinned=pinned).count()):
        text += f" At most {MOST_IDS:,} at once: {left:,} are left."
    elif already := chosen.count() - len(rows):
        text += f" {already:,} already {'was' if already == 1 else 'were'}."
    return respond_changed(request, text + describe_missing(request.POST, chosen), operation)


def describe_missing(given: QueryDict, taken: Any) -> str:
    """What was ticked and could not be taken, because somebody else was faster."""
    if given.get("all") == "1":
        return ""
    missing = len(set(given.getlist("ids")[:MOST_IDS])) - taken.count()
    if missing <= 0:
        return ""
    return f" {missing:,} ticked {'is' if missing == 1 else 'are'} no longer in the list."


def respond_changed(request: HttpRequest, text: str, operation: Operation | None) -> HttpResponse:
    """For a list a toast and reloaded rows; for the page of one pattern that page again."""
    single = request.POST.get("single")
    if not single:
        return respond_done(request, text, operation)
    messages.success(request, text, extra_tags=str(operation.pk) if operation else "")
    return redirect("pattern", pattern_id=parse_id(single))


MOST_MERGED = 100


@changing
def merge_patterns(request: HttpRequest) -> HttpResponse:
    """GET asks which one stays (the most used first); POST merges as one operation with one Undo."""
    project = current_project(request)
    if request.method != "POST":
        chosen = choose_patterns(project, request.GET)
        rows = list(chosen.order_by("-use_count", "pk")[:MOST_MERGED])
        context = {
            "rows": rows,
            "uses": sum(row.use_count for row in rows),
            "back": "leave" if request.GET.get("back") == "leave" else "",
            "undo_days": history.UNDO_PERIOD.days,
        }
        return render_page(request, "patterns/merge.html", "patterns/_merge.html", context)
    ids = [
        str(row)
        for row in choose_patterns(project, request.POST).values_list("pk", flat=True)[:MOST_IDS]
    ]
    into = request.POST.get("into") or None
    operation, targets = merging.merge_patterns(project, ids, name_actor(request), into)
    text = f"Merged {history.format_pattern_count(len(ids))} into {targets[0][-8:]}."
    if request.POST.get("back") != "leave":
        return respond_done(request, text, operation)
    messages.success(request, text, extra_tags=str(operation.pk))
    page = redirect("pattern", pattern_id=targets[0])
    return HttpResponse(headers={"HX-Redirect": page.url}) if is_part(request) else page


@require_POST
@changing
def label_pattern(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    project = current_project(request)
    pattern = get_object_or_404(Pattern, project=project, pk=pattern_id)
    editing.edit_pattern(
        project, pattern, name_actor(request), label=request.POST.get("label", "")[:200]
    )
    return redirect("pattern", pattern_id=pattern_id)
