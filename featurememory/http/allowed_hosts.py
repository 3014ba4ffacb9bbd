"""Who asks under a name that is not ours is told so, in words that help; health answers everyone."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.problems import build_problem

Handler = Callable[[HttpRequest], HttpResponse]
HEALTH, API = "/health/", ("/api/", "/v1/")


def check_host(get_response: Handler) -> Handler:
    """Middleware: 400 for a Host that is not in FM_ALLOWED_HOSTS, as problem+json to programs."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(HEALTH):
            # Probes ask by the address of a container, which nobody can list beforehand.
            request.META["HTTP_HOST"] = "localhost"
        try:
            request.get_host()
        except DisallowedHost:
            return refuse_host(request)
        return get_response(request)

    return handle


def refuse_host(request: HttpRequest) -> HttpResponse:
    named = request.META.get("HTTP_HOST", "")[:100]
    error = FeatureMemoryError(
        f"This server does not answer under the name {named!r}. Whoever runs it lists the names it has in "
        "FM_ALLOWED_HOSTS.",
        ErrorCode.HOST_NOT_ALLOWED,
    )
    if not request.path_info.startswith(API):
        return HttpResponse(error.message, "text/plain; charset=utf-8", error.status)
    body = msgspec.json.encode(build_problem(error, request.path_info))
    return HttpResponse(body, "application/problem+json", error.status)
