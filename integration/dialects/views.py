"""/v1/traces, /v1/logs, /v1/metrics, /api/v1/ingest/: what other tools send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.openapi import described
from featurememory.http.problems import build_problem
from featurememory.http.request_body import read_body
from integration.dialects import litellm
from integration.dialects.intake import check_room
from integration.dialects.json_values import has_too_many_values
from integration.dialects.otlp import json, protobuf
from integration.dialects.otlp.answers import JSON, PROTOBUF, TYPES, write_answer, write_status
from integration.dialects.otlp.span import Received
from integration.dialects.otlp.wire import TooManyFields, WireError
from integration.dialects.receive import Reception, receive_calls, receive_spans
from integration.dialects.unmapped import MOST, list_unmapped, unmapped_names
from integration.models import UnmappedName
from patterns.serializers import format_time


class OtlpEndpoint(Endpoint):
    """Answers, and refuses, in the content type of the request."""

    scopes = {"POST": "ingest"}
    schema = None

    def translate(self, error: Exception) -> Exception:
        """A full disk is 503 here: exporters try that again, after 507 they drop what they have."""
        if isinstance(error, FeatureMemoryError) and error.code is ErrorCode.STORAGE_FULL:
            return FeatureMemoryError(error.message, ErrorCode.OVERLOADED, error.details)
        return error

    def adapt(self, response: Any, content_type: str) -> Any:
        if response.status_code < 400 or content_type.partition(";")[0] != PROTOBUF:
            return response
        return _in_protobuf(response)

    def handle_exception(self, error: Exception) -> Response:
        return super().handle_exception(self.translate(error))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        return self.adapt(response, request.content_type)


def _in_protobuf(response: HttpResponseBase) -> HttpResponse:
    """A refusal as google.rpc.Status, with the headers it has."""
    detail = str(getattr(response, "data", {}).get("detail", ""))
    body = write_status(response.status_code, detail)
    answer = HttpResponse(body, PROTOBUF, response.status_code)
    for name in ("Retry-After", "WWW-Authenticate", "Allow"):
        if name in response.headers:
            answer[name] = response.headers[name]
    return answer


class Traces(OtlpEndpoint):
    """OTLP/HTTP. Not under /api/v1/: exporters add /v1/traces themselves."""

    def post(self, request: Request) -> HttpResponse:
        check_room(key_of(request).project_id)
        body = read_body(request._request, settings.BATCH_BODY_LIMIT, TYPES)
        media_type = str(request._request.content_type).strip().lower()
        outcome = _received(request, media_type, body)
        answer = write_answer(media_type, len(outcome.rejected), outcome.why())
        return HttpResponse(answer, media_type)


def _received(request: Request, media_type: str, body: bytes) -> Reception:
    """Read as it is stored: a request of too many spans ends at the first too many."""
    try:
        spans = _spans_in(media_type, body)
        return receive_spans(key_of(request).project_id, spans)
    except WireError as error:
        raise FeatureMemoryError(
            f"The body is no ExportTraceServiceRequest: {error}.", ErrorCode.MALFORMED_BODY
        ) from error
    except TooManyFields as error:
        raise _too_many() from error


def _spans_in(media_type: str, body: bytes) -> Iterator[Received]:
    if has_too_many_values(body):
        raise _too_many()
    return protobuf.read_spans(body) if media_type == PROTOBUF else json.read_body(body)


def _too_many() -> FeatureMemoryError:
    return FeatureMemoryError(
        "The request has too many parts. Send less at once.", ErrorCode.TOO_LARGE
    )


class Ignored(OtlpEndpoint):
    """Logs and metrics: exporters that send all three are content, nothing is kept."""

    signal = "logs"

    def post(self, request: Request) -> HttpResponse:
        read_body(request._request, settings.BATCH_BODY_LIMIT, TYPES)
        media_type = str(request._request.content_type).strip().lower()
        unmapped_names.note(key_of(request).project_id, "otlp", [f"({self.signal})"])
        return HttpResponse(write_answer(media_type), media_type)


class Metrics(Ignored):
    signal = "metrics"


class LiteLLM(Endpoint):
    scopes = {"POST": "ingest"}
    body_limit = settings.BATCH_BODY_LIMIT

    @described("Take in what LiteLLM's callback `generic_api` sends", body=list[Any], status=207)
    @idempotent
    def post(self, request: Request) -> Response:
        check_room(key_of(request).project_id)
        types = (JSON, "application/x-ndjson")
        body = read_body(request._request, self.body_limit, types)
        if has_too_many_values(body):
            raise _too_many()
        bodies = litellm.split_bodies(body)
        if len(bodies) > settings.BATCH_ITEM_LIMIT:
            raise FeatureMemoryError(
                f"A batch holds at most {settings.BATCH_ITEM_LIMIT:,} calls, "
                f"this one has {len(bodies):,}.",
                ErrorCode.TOO_LARGE,
            )
        outcome = receive_calls(key_of(request).project_id, litellm.read_bodies(bodies))
        return Response(_told(outcome, request.path), status=207)


def _told(outcome: Reception, path: str) -> dict[str, Any]:
    """The same answer a batch of interactions gets."""
    rejected = [
        {"index": place, "problem": build_problem(error, path)} for place, error in outcome.rejected
    ]
    return {"accepted": outcome.stored, "duplicates": outcome.duplicates, "rejected": rejected}


class UnmappedList(Endpoint):
    scopes = {"GET": "read"}

    @described("Names that came in by traces and callbacks and nobody maps", many=True, query={})
    def get(self, request: Request) -> Response:
        found = [serialize_unmapped(row) for row in list_unmapped(key_of(request).project_id)]
        return Response({"data": found, "meta": {"next_cursor": None, "limit": MOST}})


def serialize_unmapped(row: UnmappedName) -> dict[str, Any]:
    return {
        "name": row.name,
        "source": row.source,
        "count": row.count,
        "first_seen": format_time(row.first_seen),
        "last_seen": format_time(row.last_seen),
    }
