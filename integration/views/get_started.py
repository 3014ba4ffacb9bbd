"""Get started: a key, commands to paste, and a box that shows the first interaction."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HTMX_STOP_POLLING

from featurememory.http.problems import find_refusal
from featurememory.models import Project
from featurememory.page_access import (
    choose_project,
    current_project,
    list_projects,
    may_change,
    page,
)
from integration.models import ApiKey
from integration.views.start_snippets import write_snippets
from patterns.models import ModelInteraction, Pattern
from patterns.recognition.related import SIMILAR_NEEDED, count_similar
from patterns.views.interactions import count_tokens

KEY_NAME, KEY_LIFETIME = "Get started", timedelta(days=7)
MOST_UNUSED = 5
# A refusal older than this is no longer news on the page.
REFUSAL_S = 900


def choose_own_project(request: HttpRequest) -> Project:
    """The project for a person's own interactions: the chosen one; not the demo, unless they see nothing
    else."""
    here = current_project(request)
    own = [project for project in list_projects(request) if not project.is_demo]
    if not here.is_demo or not (own or request.user.is_superuser):
        return here
    return choose_project(own, None)


@page
def show_start(request: HttpRequest) -> HttpResponse:
    """GET offers a key, POST makes one and shows it once: it is stored nowhere but as a digest."""
    project = choose_own_project(request)
    if request.method != "POST":
        return render_start(request, project, "")
    if not may_change(request, project):
        raise PermissionDenied
    return render_start(request, project, make_start_key(request, project))


def make_start_key(request: HttpRequest, project: Project) -> str:
    """A key for the first steps, which expires. Of those never used only the newest stay: one of them
    may have been copied."""
    mine = ApiKey.objects.filter(project=project, name=KEY_NAME, maker_id=request.user.pk)
    unused = mine.filter(last_used_at=None).values_list("pk", flat=True)
    ApiKey.objects.filter(pk__in=list(unused[MOST_UNUSED - 1 :])).delete()
    until = timezone.now() + KEY_LIFETIME
    key, text = ApiKey.create(project, "in", KEY_NAME, until, request.user)
    request.session["start_key"] = key.public
    return text


def find_used_key(request: HttpRequest) -> str:
    """The public half of the key this session made and a program used; "" while the page may make one."""
    public = request.session.get("start_key", "")
    used = ApiKey.objects.filter(public=public, revoked_at=None, last_used_at__isnull=False)
    return public if public and used.exists() else ""


def render_start(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    host = request.build_absolute_uri(reverse("overview")).rstrip("/")
    context = {
        "key": key,
        "made_before": find_used_key(request),
        "can_make": may_change(request, project),
        "days": KEY_LIFETIME.days,
        "host": host,
        "shown_key": key or "YOUR_KEY",
        "ways": write_snippets(host, key or "YOUR_KEY", project.name, timezone.now()),
        "demo_there": any(found.is_demo for found in list_projects(request)),
        **describe_arrival(project, host),
    }
    response = render(request, "start.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@page
def show_arrival(request: HttpRequest) -> HttpResponse:
    """The waiting box alone; status 286 ends polling once an interaction has arrived."""
    host = request.build_absolute_uri(reverse("overview")).rstrip("/")
    context = describe_arrival(choose_own_project(request), host)
    status = HTMX_STOP_POLLING if context["done"] else 200
    return render(request, "_arrival.html", context, status=status)


def describe_arrival(project: Project, host: str) -> dict[str, Any]:
    """What the box shows: the newest interaction and the progress to a pattern, or the last refusal."""
    newest = ModelInteraction.objects.filter(project=project).order_by("-number").first()
    refusal = find_refusal(project.pk)
    if refusal and time.time() - refusal["at"] > REFUSAL_S:
        refusal = None
    context: dict[str, Any] = {
        "newest": newest,
        "refusal": refusal,
        "host": host,
        "done": bool(newest),
    }
    if newest:
        most = (
            Pattern.objects.stored()
            .filter(project=project)
            .order_by("-use_count")
            .only("pk", "use_count", "template", "parts", "label")
            .first()
        )
        context["pattern"] = most if most and most.use_count >= SIMILAR_NEEDED else None
        context["similar"] = max(1, count_similar(project))
        context["needed"] = SIMILAR_NEEDED
        context["tokens"] = count_tokens(newest)
    return context
