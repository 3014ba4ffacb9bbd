"""The demo project: loaded in the background with progress, removed with one click."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from featurememory.page_access import current_project, may_change_everywhere, page
from integration import demo
from integration.jobs import demo_jobs


@require_POST
@page
def load_demo(request: HttpRequest) -> HttpResponseBase:
    if not may_change_everywhere(request):
        raise PermissionDenied
    project, _ = demo_jobs.start_loading(request.user.get_username())
    request.session["project"] = project.name
    return redirect("overview")


@page
def show_progress(request: HttpRequest) -> HttpResponse:
    """The card with the progress; once all is loaded, the page around it loads itself again."""
    job = demo_jobs.find_loading(current_project(request))
    if job is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "_demo_progress.html", {"job": job})


@require_POST
@page
def remove_demo(request: HttpRequest) -> HttpResponseBase:
    if not may_change_everywhere(request):
        raise PermissionDenied
    demo.remove_demo()
    request.session.pop("project", None)
    return redirect("overview")
