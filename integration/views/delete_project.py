"""Deleting the current project: a page that asks for its name."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from featurememory.page_access import changing, current_project
from integration.erasure.delete_project import delete_project


@changing
def ask_or_delete(request: HttpRequest) -> HttpResponse:
    """GET asks, POST with the project's name deletes. For superusers: there is no way back."""
    if not request.user.is_superuser:
        raise PermissionDenied
    project = current_project(request)
    if request.method == "POST" and request.POST.get("name") == project.name:
        request.session.pop("project", None)
        delete_project(project, request.user.get_username())
        return redirect("overview")
    wrong = request.method == "POST"
    context = {"project": project, "wrong": wrong}
    return render(request, "delete_project.html", context, status=422 if wrong else 200)
