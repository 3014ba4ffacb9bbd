"""/health/live and /health/ready. Ready means that a row could be written and read."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from featurememory.database.errors import translate_database_error
from featurememory.database.write_lock import write_turn
from featurememory.errors import handle_feature_memory_error
from featurememory.models import Probe
from patterns.ingest.backpressure import admission
from patterns.ingest.lag import lag

# Seconds a result is kept, so that frequent checks do not write each time.
KEPT_S = 1.0


@never_cache
def report_live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "live"})


@never_cache
def report_ready(request: HttpRequest) -> JsonResponse:
    problem = cache.get("health_problem", "unknown")
    if problem == "unknown":
        problem = probe_storage()
        cache.set("health_problem", problem, KEPT_S)
    if problem:
        return JsonResponse({"status": "unhealthy", "detail": problem}, status=503)
    admission.refresh()
    lag.refresh()
    states = {gauge.name: gauge.state for gauge in admission.gauges}
    body: dict[str, Any] = {
        "status": "ready",
        "state": choose_worst(admission.state, lag.state),
        "resources": states | {"lag": lag.state},
        "database": connection.vendor,
        "storage": settings.STORAGE,
    }
    if lag.detail:
        body["detail"] = lag.detail
    return JsonResponse(body)


def choose_worst(*states: str) -> str:
    return next(state for state in ("unhealthy", "degraded", "healthy") if state in states)


def probe_storage() -> str:
    """Write and read a row; returns what is wrong, or ""."""
    value = time.time_ns()
    try:
        with write_turn():
            Probe.objects.update_or_create(pk=1, defaults={"value": value})
        stored = Probe.objects.values_list("value", flat=True).get(pk=1)
    except DatabaseError as error:
        return (translate_database_error(error) or handle_feature_memory_error(error)).message
    return "" if stored >= value else "The row that was written could not be read again."
