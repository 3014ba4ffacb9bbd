"""Middleware: request ids for logs and answers, and the content security policy."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from uuid_utils.compat import uuid7

from featurememory.process import json_logs, request_priority

Handler = Callable[[HttpRequest], HttpResponse]
GIVEN = re.compile(r"[A-Za-z0-9_\-]{8,64}")


def assign_request_id(get_response: Handler) -> Handler:
    """Use the X-Request-ID of the caller when it is a plain token, else a new one; return it.

    The outermost middleware: it also registers the request, so that background work yields.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if GIVEN.fullmatch(given) else str(uuid7())
        token = json_logs.request_id.set(name)
        request_priority.enter_request()
        try:
            response = get_response(request)
        finally:
            request_priority.leave_request()
            json_logs.request_id.reset(token)
        response["X-Request-ID"] = name
        return response

    return handle


POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


def add_content_security_policy(get_response: Handler) -> Handler:
    """Add the same strict policy to every response (Django 5.2 has no setting for it)."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return handle
