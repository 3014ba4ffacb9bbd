"""OTLP/JSON: ids in hex, lowerCamelCase names, 64-bit integers as text or numbers.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from featurememory.errors import invalid
from integration.dialects.json_values import Json
from integration.dialects.otlp.json_attributes import pick, read_attributes
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

STATUS = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


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
        trace_id=_hex(pick(found, "traceId"), 16, "traceId"),
        span_id=_hex(pick(found, "spanId"), 8, "spanId"),
        parent_id=_hex(pick(found, "parentSpanId"), 8, "parentSpanId"),
        name=_text(found, "name"),
        start_ns=_integer(pick(found, "startTimeUnixNano"), "startTimeUnixNano"),
        end_ns=_integer(pick(found, "endTimeUnixNano"), "endTimeUnixNano"),
        status=_status(status.get("code")),
        status_message=str(status.get("message") or ""),
        attributes=read_attributes(found.get("attributes")),
        events=_events(found.get("events")),
        source=source,
    )


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def _status(code: Json) -> int:
    return STATUS.get(code, 0) if isinstance(code, str) else code if isinstance(code, int) else 0


def _hex(value: Json, size: int, name: str) -> str:
    """Hex as OTLP/JSON has it; base64 as protobuf's own JSON mapping has it, by its length."""
    if value in (None, ""):
        return ""
    if isinstance(value, str) and len(value) < 64:
        try:
            raw = (
                bytes.fromhex(value) if len(value) == 2 * size else b64decode(value, validate=True)
            )
        except (ValueError, binascii.Error):
            raw = b""
        if len(raw) == size:
            return raw.hex()
    raise SpanRefused(f"{name}: must be {2 * size} hex digits")


def _integer(value: Json, name: str) -> int:
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise SpanRefused(f"{name}: must be an integer, nanoseconds since the epoch")


def _events(value: Json) -> list[SpanEvent]:
    found = value if isinstance(value, list) else []
    if len(found) > MOST_EVENTS:
        raise SpanRefused(f"events: more than {MOST_EVENTS:,}")
    return [
        SpanEvent(_text(event, "name"), read_attributes(event.get("attributes")))
        for event in found
        if isinstance(event, dict)
    ]
