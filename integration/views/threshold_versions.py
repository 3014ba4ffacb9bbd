"""Versions of the thresholds: what each changed, who and why, and going back to one after a look at it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from featurememory.access import roles
from featurememory.http import pagination
from featurememory.models import ConfigVersion
from featurememory.page_access import changing, current_project, render_page, role_of
from integration.admin.threshold_effects import describe_changes
from integration.admin.threshold_versions import FIRST, find_way_back, go_back, needs_admin

SHOWN = 50


@changing
def list_versions(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    rows = ConfigVersion.objects.filter(project=project)
    found = pagination.read_page(rows, "-number", request.GET.get("cursor"), SHOWN, key="number")
    context = {
        "config": project.config,
        "first": FIRST,
        "page": found,
        "lines": [(row, describe_changes(row.changes)) for row in found.rows],
    }
    return render_page(request, "thresholds/versions.html", "thresholds/_versions.html", context)


@changing
def restore_version(request: HttpRequest, number: int) -> HttpResponse:
    """GET shows what it would change; POST does it, with Undo."""
    project = current_project(request)
    if request.method != "POST":
        return render_preview(request, number)
    before = project.config.version
    changes = go_back(project, number, request.user.get_username(), role_of(request))
    text = f"Version {number} is back. Every process follows within 5 seconds."
    undo = reverse("threshold_restore", args=[before]) if changes else ""
    messages.success(request, text if changes else "Nothing to change.", extra_tags=undo)
    return redirect("threshold_versions")


def render_preview(request: HttpRequest, number: int) -> HttpResponse:
    changes = find_way_back(current_project(request).config, number)
    admin = roles.covers(role_of(request), roles.ADMIN)
    context: dict[str, Any] = {
        "number": number,
        "changes": describe_changes(changes),
        "refused": needs_admin(changes) and not admin,
    }
    return render_page(request, "thresholds/restore.html", "thresholds/_restore.html", context)
