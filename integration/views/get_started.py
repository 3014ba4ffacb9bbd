"""Get started: a key, commands to paste, and a box that shows the first interaction."""

from __future__ import annotations

import time
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import HTMX_STOP_POLLING

from featurememory.models import Project
from featurememory.page_access import changing, choose_project, list_projects, may_change, page
from integration.models import ApiKey
from integration.views.start_snippets import write_snippets
from patterns.models import ModelInteraction, Pattern
from patterns.recognition.related import SIMILAR_NEEDED, count_similar
from patterns.views.interactions import count_tokens

KEY_SHOWN_S = 3600
# A refusal older than this is no longer news on the page.
REFUSAL_S = 900


def choose_own_project(request: HttpRequest) -> Project:
    """The project for a person's own interactions: never the demo."""
    return choose_project(
        [project for project in list_projects(request) if not project.is_demo], None
    )


def get_start_key(request: HttpRequest, project: Project) -> str:
    """The key shown to this session, the same for an hour; "" without permission to create one."""
    kept = request.session.get("start_key", {})
    if kept.get("until", 0) > time.time() and is_usable(kept["text"]):
        return str(kept["text"])
    if not may_change(request):
        return ""
    _, text = ApiKey.create(project, ApiKey.KeyKind.INGEST, "Get started")
    request.session["start_key"] = {"text": text, "until": time.time() + KEY_SHOWN_S}
    return text


def is_usable(text: str) -> bool:
    return ApiKey.find(text) is not None


@page
def show_start(request: HttpRequest) -> HttpResponse:
    project = choose_own_project(request)
    key = get_start_key(request, project)
    host = request.build_absolute_uri("/").rstrip("/")
    context = {
        "key": key,
        "host": host,
        "shown_key": key or "YOUR_KEY",
        "ways": write_snippets(host, key or "YOUR_KEY", project.name, timezone.now()),
        "demo_there": any(found.is_demo for found in list_projects(request)),
        **describe_arrival(project, host),
    }
    return render(request, "start.html", context)


@page
def show_arrival(request: HttpRequest) -> HttpResponse:
    """The waiting box alone; status 286 ends polling once an interaction has arrived."""
    host = request.build_absolute_uri("/").rstrip("/")
    context = describe_arrival(choose_own_project(request), host)
    status = HTMX_STOP_POLLING if context["done"] else 200
    return render(request, "_arrival.html", context, status=status)


def describe_arrival(project: Project, host: str) -> dict[str, Any]:
    """What the box shows: the newest interaction and the progress to a pattern, or the last refusal."""
    newest = ModelInteraction.objects.filter(project=project).order_by("-number").first()
    refusal = cache.get("last_refusal")
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


@require_POST
@changing
def load_demo(request: HttpRequest) -> HttpResponseBase:
    from integration import demo

    demo.load_demo("demo")
    request.session["project"] = "demo"
    return redirect("overview")


@require_POST
@changing
def remove_demo(request: HttpRequest) -> HttpResponseBase:
    from integration import demo

    demo.remove_demo()
    request.session.pop("project", None)
    return redirect("overview")
