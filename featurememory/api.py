"""What every endpoint shares: scopes, problem+json (RFC 9457), bodies, pages, idempotency."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, TypeVar
from urllib.parse import urlencode

import msgspec
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from featurememory import logs
from featurememory.bodies import read_body
from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error, invalid
from featurememory.keyset import Page
from featurememory.storage_errors import known

T = TypeVar("T")


class Endpoint(APIView):
    """A view whose `scopes` say what each method needs: {"GET": "read"}."""

    scopes: ClassVar[Mapping[str, str]] = {}


class NoSuchEndpoint(Endpoint):
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise FeatureMemoryError(
            "There is no such endpoint. The list is at /api/v1/docs/.", ErrorCode.NOT_FOUND
        )


# --- problems -----------------------------------------------------------------------------------

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


def problem(error: FeatureMemoryError, instance: str) -> dict[str, Any]:
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
        "request_id": logs.request_id.get(),
        **details,
    }


def translated(error: Exception) -> FeatureMemoryError:
    """DRF's, Django's and the database's own errors as ours."""
    code = None
    if isinstance(error, Http404):
        code = ErrorCode.NOT_FOUND
    elif isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        code = ErrorCode.FORBIDDEN
    elif isinstance(error, exceptions.MethodNotAllowed):
        code = ErrorCode.METHOD_NOT_ALLOWED
    if code is not None:
        return FeatureMemoryError(str(error) or TITLES[404], code)
    if isinstance(error, DatabaseError):
        return known(error) or handle_feature_memory_error(error)
    return handle_feature_memory_error(error)


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER: every refusal is problem+json; the last one is shown on /start/."""
    request = context["request"]
    known_error = translated(error)
    response = Response(problem(known_error, request.path), status=known_error.status)
    response.content_type = "application/problem+json"
    if known_error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Feature Memory"'
    if known_error.status in (429, 503, 507):
        response["Retry-After"] = str(known_error.details.get("retry_after", 1))
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    remember_refusal(request, known_error)
    return response


def remember_refusal(request: Request, error: FeatureMemoryError) -> None:
    refusal = {
        "at": time.time(),
        "status": error.status,
        "code": error.code.value,
        "detail": error.message[:300],
        "path": request.path[:200],
    }
    cache.set("last_refusal", refusal, 3600)


# --- bodies -------------------------------------------------------------------------------------


def body_of(request: Request, shape: type[T], limit: int | None = None) -> T:
    """The JSON body as `shape` (a msgspec type). 400 malformed, 413, 415, 422 with the pointer."""
    return decode(read_body(request._request, limit), shape)


def decode(raw: bytes, shape: type[T]) -> T:
    """JSON bytes as `shape`; malformed JSON is 400, a wrong value 422 with its pointer."""
    try:
        raw.decode()  # parts that stay raw are checked for UTF-8 here
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        must_be_json(raw)
        raise from_msgspec(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(error) from error


def must_be_json(raw: bytes) -> None:
    """A wrong type may be met before the syntax error further on; the syntax error wins."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.ValidationError:
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(error) from error


def malformed(error: Exception) -> FeatureMemoryError:
    what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return FeatureMemoryError(f"The body is not valid JSON: {what}", ErrorCode.MALFORMED_BODY)


def from_msgspec(error: msgspec.ValidationError) -> FeatureMemoryError:
    """`Expected float - at $.metadata.duration` as a 422 with the pointer /metadata/duration."""
    message, _, path = str(error).partition(" - at `$")
    pointer = path.rstrip("`").replace("[...]", "").replace("[", "/").replace("]", "")
    pointer = pointer.replace(".", "/")
    if "missing required field" in message:
        name = message.rsplit("`", 2)[-2]
        return invalid("is required", f"{pointer}/{name}", "required")
    return invalid(message[:1].lower() + message[1:].replace("`", ""), pointer, "type")


# --- lists --------------------------------------------------------------------------------------


def listing(request: Request, page: Page[Any], data: list[Any], limit: int) -> Response:
    """`{"data", "meta"}` and a Link header (RFC 8288) that names the next page."""
    body = {"data": data, "meta": {"next_cursor": page.next, "limit": limit}}
    response = Response(body)
    if page.next:
        query = {**request.query_params.dict(), "cursor": page.next}
        url = request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
        response["Link"] = f'<{url}>; rel="next"'
    return response
