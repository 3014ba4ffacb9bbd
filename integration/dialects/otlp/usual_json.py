"""OTLP/JSON exactly as SDKs and Collectors write it: decoded at once into these types.

A request that deviates anywhere (other spellings, a broken span) is none, and is read by
`otlp.json` value by value, in three times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from integration.dialects.json_values import Json
from integration.dialects.otlp.json_attributes import read_int, read_value
from integration.dialects.otlp.json_fields import read_id, read_integer, read_status
from integration.dialects.otlp.span import (
    LONGEST_NAME,
    MOST_ATTRIBUTES,
    MOST_EVENTS,
    Attributes,
    Received,
    Source,
    Span,
    SpanEvent,
    SpanRefused,
    check_span,
)

Counter: TypeAlias = int | str


class UsualMessage(Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """What the .proto files call a message. Members that are not read stay as they are."""


class AnyValue(UsualMessage):
    string_value: str | UnsetType = UNSET
    int_value: int | str | UnsetType = UNSET
    bool_value: bool | UnsetType = UNSET
    double_value: int | float | str | UnsetType = UNSET
    bytes_value: str | UnsetType = UNSET
    array_value: dict[str, Any] | UnsetType = UNSET
    kvlist_value: dict[str, Any] | UnsetType = UNSET

    def read(self) -> Json:
        """As plain JSON: by the usual types first, the rest as `otlp.json` reads it."""
        if self.string_value is not UNSET:
            return self.string_value
        if self.int_value is not UNSET:
            return read_int(self.int_value)
        if self.bool_value is not UNSET:
            return self.bool_value
        rest = (self.array_value, self.kvlist_value, self.double_value, self.bytes_value)
        pairs = zip(REST, rest, strict=True)
        return read_value({name: part for name, part in pairs if part is not UNSET})


REST = ("arrayValue", "kvlistValue", "doubleValue", "bytesValue")


class KeyValue(UsualMessage):
    key: str
    value: AnyValue | None = None


class UsualEvent(UsualMessage):
    name: str = ""
    time_unix_nano: Counter = 0
    attributes: list[KeyValue] = []
    dropped_attributes_count: int = 0


class UsualStatus(UsualMessage):
    code: Counter = 0
    message: str = ""


class UsualSpan(UsualMessage):
    trace_id: str
    span_id: str
    start_time_unix_nano: Counter
    end_time_unix_nano: Counter
    parent_span_id: str = ""
    trace_state: str = ""
    flags: int = 0
    name: str = ""
    kind: Counter = 0
    attributes: list[KeyValue] = []
    dropped_attributes_count: int = 0
    events: list[UsualEvent] = []
    dropped_events_count: int = 0
    links: list[dict[str, Any]] = []
    dropped_links_count: int = 0
    status: UsualStatus = field(default_factory=UsualStatus)


class UsualScope(UsualMessage):
    name: str = ""
    version: str = ""
    attributes: list[KeyValue] = []
    dropped_attributes_count: int = 0


class UsualScopeSpans(UsualMessage):
    scope: UsualScope = field(default_factory=UsualScope)
    spans: list[UsualSpan] = []
    schema_url: str = ""


class UsualResource(UsualMessage):
    attributes: list[KeyValue] = []
    dropped_attributes_count: int = 0
    entity_refs: list[dict[str, Any]] = []


class UsualResourceSpans(UsualMessage):
    resource: UsualResource = field(default_factory=UsualResource)
    scope_spans: list[UsualScopeSpans] = []
    schema_url: str = ""


class UsualRequest(UsualMessage):
    resource_spans: list[UsualResourceSpans] = []


DECODER = msgspec.json.Decoder(UsualRequest)


def decode_usual(body: bytes) -> UsualRequest | None:
    """The request; None when it has any other form, or is no JSON at all."""
    try:
        return DECODER.decode(body)
    except (ValueError, RecursionError):
        return None


def read_usual(request: UsualRequest) -> Iterator[Received]:
    for resource_spans in request.resource_spans:
        resource = _resource(resource_spans.resource)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope
            name, version = scope.name[:LONGEST_NAME], scope.version[:LONGEST_NAME]
            source = Source(resource, name, version)
            for span in scope_spans.spans:
                yield _received(span, source)


def _resource(resource: UsualResource) -> Attributes:
    """One that cannot be read costs its attributes, not its spans."""
    try:
        return read_pairs(resource.attributes)
    except SpanRefused:
        return {}


def _received(span: UsualSpan, source: Source) -> Received:
    try:
        return check_span(_span(span, source))
    except SpanRefused as refusal:
        return refusal


def _span(found: UsualSpan, source: Source) -> Span:
    if len(found.events) > MOST_EVENTS:
        raise SpanRefused(f"events: more than {MOST_EVENTS:,}")
    return Span(
        trace_id=read_id(found.trace_id, 16, "traceId"),
        span_id=read_id(found.span_id, 8, "spanId"),
        parent_id=read_id(found.parent_span_id, 8, "parentSpanId"),
        name=found.name[:LONGEST_NAME],
        start_ns=read_integer(found.start_time_unix_nano, "startTimeUnixNano"),
        end_ns=read_integer(found.end_time_unix_nano, "endTimeUnixNano"),
        status=read_status(found.status.code),
        status_message=found.status.message,
        attributes=read_pairs(found.attributes),
        events=[
            SpanEvent(event.name[:LONGEST_NAME], read_pairs(event.attributes))
            for event in found.events
        ],
        source=source,
    )


def read_pairs(pairs: list[KeyValue]) -> Attributes:
    if len(pairs) > MOST_ATTRIBUTES:
        raise SpanRefused(f"attributes: more than {MOST_ATTRIBUTES:,}")
    return {
        pair.key[:LONGEST_NAME]: None if pair.value is None else pair.value.read() for pair in pairs
    }
