"""A fast path for posting interactions and traces, past the middleware of pages and the REST framework.

Sessions, sign-in, forms and content negotiation cost more than storing an interaction. Endpoints and
answers are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response

from featurememory.http.drf import HasScope
from featurememory.http.endpoint import Endpoint
from featurememory.http.problems import handle_problem
from integration.api.authentication import KeyAuthentication
from integration.dialects.views import Traces
from optimizations.shadow_answers.arrivals import store_shadow
from patterns.api.interactions import InteractionBatch, Interactions

Handler = Callable[[HttpRequest], HttpResponse]


class ReceivedInteractions(Interactions):
    """Takes the answers of shadows as well."""

    store_shadow = staticmethod(store_shadow)


class ReceivedBatch(InteractionBatch):
    """Takes the answers of shadows as well."""

    store_shadow = staticmethod(store_shadow)


ENDPOINTS: dict[str, type[Endpoint]] = {
    "/api/v1/interactions/": ReceivedInteractions,
    "/api/v1/interactions/batch/": ReceivedBatch,
    "/v1/traces": Traces,
    "/api/public/otel/v1/traces": Traces,
}


class IngestRequest:
    """The parts of the REST framework's request that these endpoints use."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.method, self.path, self.headers = request.method, request.path, request.headers
        self.auth: Any = None


def answer_ingest(get_response: Handler) -> Handler:
    """Middleware: answers POSTs of interactions itself and passes on everything else."""

    def handle(request: HttpRequest) -> HttpResponse:
        endpoint = ENDPOINTS.get(request.path_info) if request.method == "POST" else None
        if endpoint is None:
            return get_response(request)
        return answer_endpoint(endpoint(), request)

    return handle


def answer_endpoint(endpoint: Any, request: HttpRequest) -> HttpResponse:
    """Authenticate, check the scope, call the endpoint; errors become problem+json."""
    short: Any = IngestRequest(request)
    try:
        known = KeyAuthentication().authenticate(short)
        short.auth = known[1] if known else None
        HasScope().has_permission(short, endpoint)
        found = endpoint.post(short)
    except Exception as error:
        context = {"request": short, "view": endpoint}
        found = handle_problem(endpoint.translate(error), context)
        found = endpoint.adapt(found, request.content_type or "")
    return found if not isinstance(found, Response) else render(found)


def render(found: Response) -> HttpResponse:
    kind = found.content_type or "application/json"
    body = msgspec.json.encode(found.data)
    headers = {name: value for name, value in found.items() if name != "Content-Type"}
    headers["Content-Length"] = str(len(body))
    return HttpResponse(body, kind, found.status_code, headers=headers)
