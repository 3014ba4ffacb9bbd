"""The page of evaluation sets: what they cover, uploading one, and deleting it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from featurememory.errors import FeatureMemoryError
from featurememory.page_access import changing, current_project, page
from optimizations.evaluation_sets.answers import store_answers
from optimizations.evaluation_sets.files import read_answers, read_mapping
from optimizations.evaluation_sets.sets import delete_set, list_sets
from optimizations.prepare import enable_optimizations
from patterns.ingest.wakeup import wake_learner
from patterns.redaction.redact import redactor_of

LARGEST = 16 << 20
AT_ONCE = 1000


@page
def evaluation_sets(request: HttpRequest) -> HttpResponse:
    return render_sets(request)


def render_sets(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    sets = list_sets(current_project(request).pk)
    context = {"sets": sets, "problem": problem}
    return render(request, "optimizations/evaluation_sets.html", context, status=status)


@changing
def upload(request: HttpRequest) -> HttpResponseBase:
    """POST: a file with answers; what is refused is said, the rest is stored."""
    given = request.FILES.get("file")
    if request.method != "POST" or given is None:
        return render_sets(request, "Choose a file first." if request.method == "POST" else "")
    if (given.size or 0) > LARGEST:
        return render_sets(request, "The file may have 16 MiB: send it in parts.", 413)
    name = (request.POST.get("set", "").strip() or str(given.name or "default"))[:100]
    try:
        mapping = read_mapping(request.POST.get("map", "")[:5000])
        table = str(given.name or "").lower().endswith(".csv")
        good, refused = read_answers(given.read(), table, mapping, name.replace("\x00", ""))
        tasks = store_all(request, good)
    except FeatureMemoryError as error:
        return render_sets(request, str(error), 422)
    if redactor := redactor_of(current_project(request).pk):  # a reason may quote a value
        refused = [redactor.redact_message(reason) for reason in refused]
    text = f"{len(good):,} answers to {tasks:,} new tasks stored."
    messages.success(request, f"{text} Refused: {'; '.join(refused)}" if refused else text)
    return redirect("evaluation_sets")


def store_all(request: HttpRequest, good: list) -> int:  # type: ignore[type-arg]
    project = current_project(request)
    enable_optimizations(project.pk)
    tasks = 0
    for start in range(0, len(good), AT_ONCE):
        tasks += store_answers(project.pk, good[start : start + AT_ONCE])[0]
    wake_learner(project.pk)
    return tasks


@changing
def delete(request: HttpRequest) -> HttpResponseBase:
    """POST: the set of that name goes; what was counted stays evidence."""
    name = request.POST.get("set", "")[:100].replace("\x00", "")
    if request.method == "POST" and name:
        count = delete_set(current_project(request).pk, name, str(request.user.get_username()))
        messages.success(request, f"Deleted {name} with {count:,} tasks.")
    return redirect("evaluation_sets")
