"""Try a change by hand: what the log says about it, and its trial."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from featurememory.errors import FeatureMemoryError
from featurememory.page_access import changing, current_project, page
from optimizations.manager import OptimizationManager
from optimizations.views.change_forms import ChangeForm
from optimizations.what_if import Question, describe_answer, what_if

READ = 2000  # the page waits for it, so it reads fewer decisions than the API does


@page
def try_change(request: HttpRequest) -> HttpResponseBase:
    """The form; with `ask` also what the change would have been worth, or why nobody can tell."""
    project = current_project(request)
    asked = "ask" in request.GET
    form = ChangeForm(project, request.GET if asked else None, initial=request.GET.dict())
    answer, refused = "", False
    if asked and form.is_valid():
        data = form.cleaned_data
        found = what_if(project.pk, Question(data["kind"], data["params"], data["task_type"]), READ)
        answer, refused = describe_answer(found), bool(found.estimate.refused)
    context = {"form": form, "answer": answer, "refused": refused}
    return render(request, "optimizations/try.html", context)


@changing
def create_change(request: HttpRequest) -> HttpResponseBase:
    """Stores a candidate, which has to prove itself in a trial like any other."""
    project = current_project(request)
    form = ChangeForm(project, request.POST)
    if request.method != "POST" or not form.is_valid():
        return render(request, "optimizations/try.html", {"form": form, "answer": ""})
    data, person = form.cleaned_data, str(request.user.get_username())
    try:
        made = OptimizationManager(project).store_optimization(
            data["kind"], data["params"], task_type=data["task_type"], actor=person
        )
    except FeatureMemoryError as error:
        form.add_error(None, error.message)
        return render(request, "optimizations/try.html", {"form": form, "answer": ""}, status=422)
    messages.success(request, "Created. Its trial begins with the next review.")
    return redirect("optimization", optimization_id=made.id)
