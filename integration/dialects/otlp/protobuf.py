"""ExportTraceServiceRequest in protobuf: the spans, each refused for itself where it is broken.

Field numbers: opentelemetry-proto, `trace/v1/trace.proto` and `common/v1/common.proto`.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress

from integration.dialects.json_values import Json
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
from integration.dialects.otlp.wire import (
    Budget,
    Value,
    WireError,
    integer_in,
    message_in,
    read_fields,
    text_in_field,
)

DEEPEST = 20


def read_spans(body: bytes) -> Iterator[Received]:
    """The spans of a request. WireError when the bytes around the spans are broken."""
    budget = Budget()
    for number, value in read_fields(memoryview(body), budget):
        if number == 1:
            yield from _resource_spans(message_in(value), budget)


def _resource_spans(data: memoryview, budget: Budget) -> Iterator[Received]:
    """The resource may stand behind its spans: it is looked for first."""
    resource: Attributes = {}
    scopes: list[memoryview] = []
    for number, value in read_fields(data, budget):
        if number == 1:
            resource = _resource(message_in(value), budget)
        elif number == 2:
            scopes.append(message_in(value))
    for scope in scopes:
        yield from _scope_spans(scope, resource, budget)


def _scope_spans(data: memoryview, resource: Attributes, budget: Budget) -> Iterator[Received]:
    source = Source(resource)
    for number, value in read_fields(data, budget):
        if number == 1:
            source = _source(message_in(value), resource, budget)
        elif number == 2:
            yield _received(message_in(value), source, budget)


def _source(data: memoryview, resource: Attributes, budget: Budget) -> Source:
    source = Source(resource)
    with suppress(WireError):
        for number, value in read_fields(data, budget):
            if number == 1:
                source.scope = text_in_field(value)[:LONGEST_NAME]
            elif number == 2:
                source.scope_version = text_in_field(value)[:LONGEST_NAME]
    return source


def _received(data: memoryview, source: Source, budget: Budget) -> Received:
    try:
        return check_span(_span(data, source, budget))
    except WireError as error:
        return SpanRefused(f"the span is no protobuf message: {error}")
    except SpanRefused as refusal:
        return refusal


def _span(data: memoryview, source: Source, budget: Budget) -> Span:
    span = Span(source=source)
    for number, value in read_fields(data, budget):
        if number == 9:
            _put(span.attributes, message_in(value), budget)
        elif number == 11:
            span.events.append(_event(message_in(value), budget))
            if len(span.events) > MOST_EVENTS:
                raise SpanRefused(f"events: more than {MOST_EVENTS:,}")
        elif number == 15:
            _put_status(span, message_in(value), budget)
        elif number in PLAIN:
            _put_plain(span, number, value)
    return span


PLAIN = {1: "trace_id", 2: "span_id", 4: "parent_id", 5: "name", 7: "start_ns", 8: "end_ns"}


def _put_plain(span: Span, number: int, value: Value) -> None:
    if number in (7, 8):
        setattr(span, PLAIN[number], integer_in(value))
    elif number == 5:
        span.name = text_in_field(value)[:LONGEST_NAME]
    else:
        setattr(span, PLAIN[number], message_in(value)[:17].hex())


def _put_status(span: Span, data: memoryview, budget: Budget) -> None:
    for number, value in read_fields(data, budget):
        if number == 2:
            span.status_message = text_in_field(value)
        elif number == 3:
            span.status = integer_in(value)


def _event(data: memoryview, budget: Budget) -> SpanEvent:
    event = SpanEvent("", {})
    for number, value in read_fields(data, budget):
        if number == 2:
            event.name = text_in_field(value)[:LONGEST_NAME]
        elif number == 3:
            _put(event.attributes, message_in(value), budget)
    return event


def _resource(data: memoryview, budget: Budget) -> Attributes:
    """One that cannot be read costs its attributes, not its spans."""
    found: Attributes = {}
    with suppress(SpanRefused, WireError):
        for number, value in read_fields(data, budget):
            if number == 1:
                _put(found, message_in(value), budget)
    return found


def _put(into: Attributes, data: memoryview, budget: Budget, depth: int = 0) -> None:
    """One KeyValue into the attributes."""
    name, found = "", None
    for number, value in read_fields(data, budget):
        if number == 1:
            name = text_in_field(value)
        elif number == 2:
            found = _any_value(message_in(value), budget, depth)
    into[name[:LONGEST_NAME]] = found
    if len(into) > MOST_ATTRIBUTES:
        raise SpanRefused(f"attributes: more than {MOST_ATTRIBUTES:,}")


def _any_value(data: memoryview, budget: Budget, depth: int) -> Json:
    if depth > DEEPEST:
        raise SpanRefused(f"attributes: nested more than {DEEPEST} levels deep")
    found: Json = None
    for number, value in read_fields(data, budget):
        if number == 1:
            found = text_in_field(value)
        elif number == 5:
            found = [
                _any_value(message_in(part), budget, depth + 1)
                for inner, part in read_fields(message_in(value), budget)
                if inner == 1
            ]
        elif number == 6:
            found = {}
            for inner, part in read_fields(message_in(value), budget):
                if inner == 1:
                    _put(found, message_in(part), budget, depth + 1)
        elif number in SCALARS:
            found = SCALARS[number](value)
    return found


def _signed(value: Value) -> int:
    number = integer_in(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def _double(value: Value) -> float:
    found: float = struct.unpack("<d", (integer_in(value) & (1 << 64) - 1).to_bytes(8, "little"))[0]
    return found


SCALARS: dict[int, Callable[[Value], Json]] = {
    2: lambda value: integer_in(value) != 0,
    3: _signed,
    4: _double,
    7: lambda value: b64encode(message_in(value)).decode(),
}
