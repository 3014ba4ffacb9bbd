"""Activity, system health, search, and the live counter."""

from __future__ import annotations

import platform
import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from featurememory.config import config_of
from featurememory.lists import periods
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.pages import render_list, render_panel, wants_panel
from featurememory.models import Activity, Project
from featurememory.page_access import current_project, exporting, may_change, page, render_page
from integration import resources
from integration.admin.human_units import format_size
from integration.dialects.unmapped import list_unmapped
from integration.monitoring.table_sizes import list_largest_tables
from integration.views.lists.activity_list import ACTIVITY, build_lines, hide_undo_column
from integration.views.navigation import count_live
from integration.views.overview.headline_figures import RECOGNITION_BUDGET_MS
from patterns.failed_records import count_failures, list_failures
from patterns.ingest.backpressure import admission, read_resident_bytes
from patterns.models import Learner, ModelInteraction, Pattern
from patterns.retention import disk_usage, forecast
from patterns.statistics import hourly_gauges
from patterns.statistics.time_window import Window

FAILURES_SHOWN = 10
UNMAPPED_SHOWN = 20


@page
def list_activity(request: HttpRequest) -> HttpResponse:
    changes = may_change(request)
    listing = ACTIVITY.build(request, lambda rows: build_lines(rows, may_change=changes))
    if wants_panel(request):
        return render_panel(request, listing, find_change(request, listing, may_undo=changes))
    hide_undo_column(listing)
    context = {"periods": periods.CHOICES}
    return render_list(request, listing, "activity.html", context)


def find_change(request: HttpRequest, listing: Listing, *, may_undo: bool) -> PeekPanel | None:
    def describe(entry: Activity) -> dict[str, Any]:
        (line,) = build_lines([entry], may_change=may_undo)
        return {"line": line, "entry": entry}

    return ACTIVITY.find_panel(request, listing, ACTIVITY.spec.peek, describe)


@exporting
def download_activity(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    return ACTIVITY.download(request, kind)


@page
def show_live_counter(request: HttpRequest) -> HttpResponse:
    """The live counter; 204 while the number the page shows (`seen`) is still right."""
    found = count_live(current_project(request))
    if request.GET.get("seen") == f"{found.count}.{found.per_minute}":
        return HttpResponse(status=204)
    return render(request, "_live.html", {"live": found})


@page
def show_health(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    now = timezone.now()
    admission.refresh()
    window = Window.ending(now, "24h")
    gauge = hourly_gauges.sum_gauges(
        hourly_gauges.fill_buckets(
            window, hourly_gauges.read_hours(project.pk, window.start, window.end)
        )
    )
    tables = list_largest_tables(disk_usage.read_table_sizes())
    failed = {work: n for (pk, work), n in count_failures().items() if pk == project.pk}
    context = {
        "p50": gauge.recognition(0.5),
        "p95": gauge.recognition(0.95),
        "recognized": gauge.recognized,
        "budget": RECOGNITION_BUDGET_MS,
        "queue": describe_queue(project),
        "failures": list_failures(project.pk, FAILURES_SHOWN) if failed else [],
        "failed": failed,
        "learner": Learner.objects.filter(pk=project.pk)
        .only("consolidated_at", "cleaned_at")
        .first(),
        "memory": read_resident_bytes(),
        "disk": resources.measure_disk_bytes(),
        "limit": 100_000_000,
        "tables": tables,
        "together": sum(size for _, size in tables or ()),
        "next_cleanup": forecast.read_counted_rules(project),
        "max_size": format_size(disk_usage.read_limit(config_of(project.pk).max_size)),
        "unmapped": list_unmapped(project.pk)[:UNMAPPED_SHOWN],
        "in_memory": settings.STORAGE == "memory",
        "state": admission.state,
        "gauges": admission.gauges,
        "version": settings.VERSION,
        "python": platform.python_version(),
        "database": connection.vendor,
        "redis": bool(settings.REDIS_URL),
        "embedded": settings.EMBEDDED,
        "data_dir": settings.DATA_DIR,
    }
    return render(request, "health.html", context)


def describe_queue(project: Project) -> dict[str, Any]:
    """How many interactions are pending, for how long (ms), and whether recognition is stuck."""
    pending = ModelInteraction.objects.filter(project=project, state=0)
    found = pending.aggregate(count=Count("pk"), oldest=Min("received_at"))
    oldest = found["oldest"]
    waited = None if oldest is None else max(0.0, time.time() * 1000 - oldest)
    return {
        "count": found["count"],
        "waited": waited,
        "stuck": waited is not None and waited > settings.LAG_LIMIT * 1000,
    }


PAGES = [
    ("Overview", "/", "layout-dashboard"),
    ("Patterns", "/patterns/", "shapes"),
    ("Trash", "/patterns/trash/", "trash-2"),
    ("Interactions", "/interactions/", "list-tree"),
    ("Activity", "/activity/", "history"),
    ("Alerts", "/alerts/", "bell"),
    ("API keys", "/keys/", "key-round"),
    ("System health", "/health/", "heart-pulse"),
    ("Get started", "/start/", "circle-check"),
]
HITS = 6


@page
def search_everything(request: HttpRequest) -> HttpResponse:
    """Pages by name, patterns by template, task or id, interactions by their exact id."""
    text = request.GET.get("q", "").strip()[:200].replace("\x00", "")
    project = current_project(request)
    context = {
        "q": text,
        "pages": [entry for entry in PAGES if text.lower() in entry[0].lower()],
        "patterns": find_patterns(project, text) if text else [],
        "interactions": find_interactions(project, text) if text else [],
    }
    if request.htmx.target == "hits":  # type: ignore[attr-defined]
        return render(request, "_hits.html", context)
    return render_page(request, "search.html", "_search.html", context)


def find_patterns(project: Project, text: str) -> list[Pattern]:
    columns = ("template", "label", "task_type")
    found = Q(*((f"{name}__contains_text", text) for name in columns), _connector=Q.OR)
    with suppress(ValueError):
        found |= Q(pk=UUID(text))
    rows = Pattern.objects.stored().filter(found, project=project).narrowed()
    rows = rows.order_by("-use_count", "pk")
    return list(rows.only("pk", "label", "template", "parts", "task_type")[:HITS])


def find_interactions(project: Project, text: str) -> list[dict[str, Any]]:
    rows = ModelInteraction.objects.filter(project=project, id=text[:128]).values("id", "model_id")
    return [{**row, "url": f"/interactions/{quote(row['id'], safe='')}/"} for row in rows]
