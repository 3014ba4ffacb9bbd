"""Turns exceptions into `application/problem+json` responses (RFC 9457)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.database.errors import translate_database_error
from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error
from featurememory.process import json_logs

TITLES = {
    400: "The request is malformed",
    401: "A valid API key is needed",
    403: "The key may not do this",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "The request has invalid values",
    429: "Too many requests",
    500: "Internal error",
    503: "Temporarily unavailable",
    507: "The disk is full",
}


def build_problem(error: FeatureMemoryError, instance: str) -> dict[str, Any]:
    """The error as an RFC 9457 problem."""
    details = {key: value for key, value in error.details.items() if key != "retry_after"}
    return {
        "type": "about:blank",
        "title": TITLES.get(error.status, "Error"),
        "status": error.status,
        "detail": error.message,
        "instance": instance,
        "code": error.code.value,
        "errors": details.pop("errors", []),
        "request_id": json_logs.request_id.get(),
        **details,
    }


def translate_error(error: Exception) -> FeatureMemoryError:
    """Errors of DRF, Django and the database as FeatureMemoryError."""
    code = None
    if isinstance(error, Http404):
        code = ErrorCode.NOT_FOUND
    elif isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        code = ErrorCode.FORBIDDEN
    elif isinstance(error, exceptions.MethodNotAllowed):
        code = ErrorCode.METHOD_NOT_ALLOWED
    if code is not None:
        return FeatureMemoryError(str(error) or TITLES[404], code)
    if isinstance(error, Error):
        return translate_database_error(error) or handle_feature_memory_error(error)
    return handle_feature_memory_error(error)


def handle_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER: answers with problem+json; /start/ shows the last one."""
    request = context["request"]
    known_error = translate_error(error)
    allowed = ""
    if isinstance(error, exceptions.MethodNotAllowed):
        allowed = ", ".join(context["view"].allowed_methods)
        known_error.message = f"{request.method} is not allowed here. Allowed: {allowed}."
    response = Response(build_problem(known_error, request.path), status=known_error.status)
    response.content_type = "application/problem+json"
    if known_error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Feature Memory"'
    if known_error.status in (429, 503, 507):
        response["Retry-After"] = str(known_error.details.get("retry_after", 1))
    if allowed:
        response["Allow"] = allowed
    remember_refusal(request, known_error)
    return response


def remember_refusal(request: Request, error: FeatureMemoryError) -> None:
    """Cache the error for the page /start/ of the key's project."""
    refusal = {
        "at": time.time(),
        "status": error.status,
        "code": error.code.value,
        "detail": error.message[:300],
        "path": request.path[:200],
    }
    # Not `request.auth`: where authenticating failed, that would try it again.
    key = vars(request).get("_auth") or vars(request).get("auth")
    cache.set(name_refusal(getattr(key, "project_id", None)), refusal, 3600)


def name_refusal(project_id: UUID | None) -> str:
    """Under which name a refusal is cached; without a valid key it belongs to no project."""
    return f"last_refusal:{project_id or ''}"


def find_refusal(project_id: UUID) -> dict[str, Any] | None:
    """The newest refusal of this project's keys, or of a request without a valid key: that one is shown
    to everybody, so without its path, which may name what is another project's."""
    own, unknown = cache.get(name_refusal(project_id)), cache.get(name_refusal(None))
    if unknown and (not own or unknown["at"] > own["at"]):
        return {**unknown, "path": ""}
    found: dict[str, Any] | None = own
    return found
