"""OTLP/JSON: ids in hex, lowerCamelCase names, 64-bit integers as text or numbers.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from featurememory.errors import invalid
from featurememory.http.json_body import decode_json
from integration.dialects.json_values import Json
from integration.dialects.otlp.json_attributes import pick, read_attributes
from integration.dialects.otlp.json_fields import read_id, read_integer, read_status
from integration.dialects.otlp.span import (
    LONGEST_NAME,
    MOST_EVENTS,
    Attributes,
    Received,
    Source,
    Span,
    SpanEvent,
    SpanRefused,
    check_span,
)
from integration.dialects.otlp.usual_json import decode_usual, read_usual


def read_body(body: bytes) -> Iterator[Received]:
    """The spans of a request: 400 when it is no JSON, 422 when it is no object."""
    usual = decode_usual(body)
    return read_spans(decode_json(body, dict[str, Any])) if usual is None else read_usual(usual)


def read_spans(request: Mapping[str, Any]) -> Iterator[Received]:
    """The spans of a decoded request. 422 when what surrounds them has the wrong form."""
    for place, resource_spans in enumerate(_list(request, "resourceSpans", "")):
        pointer = f"/resourceSpans/{place}"
        found = _object(resource_spans, pointer)
        resource = _shared(found.get("resource"))
        for inner, scope_spans in enumerate(_list(found, "scopeSpans", pointer)):
            inside = f"{pointer}/scopeSpans/{inner}"
            yield from _scope_spans(_object(scope_spans, inside), resource, inside)


def _scope_spans(
    found: Mapping[str, Any], resource: Attributes, pointer: str
) -> Iterator[Received]:
    scope = found.get("scope")
    scope = scope if isinstance(scope, dict) else {}
    source = Source(resource, _text(scope, "name"), _text(scope, "version"))
    for span in _list(found, "spans", pointer):
        yield _received(span, source)


def _list(found: Mapping[str, Any], name: str, pointer: str) -> list[Any]:
    value = pick(found, name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid("must be an array", f"{pointer}/{name}")
    return value


def _object(value: Json, pointer: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid("must be an object", pointer)
    return value


def _shared(resource: Json) -> Attributes:
    """A resource that cannot be read costs its attributes, not its spans."""
    try:
        return read_attributes(resource.get("attributes")) if isinstance(resource, dict) else {}
    except SpanRefused:
        return {}


def _received(span: Json, source: Source) -> Received:
    try:
        if not isinstance(span, dict):
            raise SpanRefused("a span must be an object")
        return check_span(_span(span, source))
    except SpanRefused as refusal:
        return refusal


def _span(found: Mapping[str, Any], source: Source) -> Span:
    status = found.get("status")
    status = status if isinstance(status, dict) else {}
    return Span(
        trace_id=read_id(pick(found, "traceId"), 16, "traceId"),
        span_id=read_id(pick(found, "spanId"), 8, "spanId"),
        parent_id=read_id(pick(found, "parentSpanId"), 8, "parentSpanId"),
        name=_text(found, "name"),
        start_ns=read_integer(pick(found, "startTimeUnixNano"), "startTimeUnixNano"),
        end_ns=read_integer(pick(found, "endTimeUnixNano"), "endTimeUnixNano"),
        status=read_status(status.get("code")),
        status_message=str(status.get("message") or ""),
        attributes=read_attributes(found.get("attributes")),
        events=_events(found.get("events")),
        source=source,
    )


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def _events(value: Json) -> list[SpanEvent]:
    found = value if isinstance(value, list) else []
    if len(found) > MOST_EVENTS:
        raise SpanRefused(f"events: more than {MOST_EVENTS:,}")
    return [
        SpanEvent(_text(event, "name"), read_attributes(event.get("attributes")))
        for event in found
        if isinstance(event, dict)
    ]
