"""ExportTraceServiceRequest in protobuf: the spans, each refused for itself where it is broken.

Field numbers: opentelemetry-proto, `trace/v1/trace.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from integration.dialects.otlp.protobuf_attributes import AttributeReader
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
from integration.dialects.otlp.wire import (
    Budget,
    Data,
    Value,
    WireError,
    integer_in,
    message_in,
    read_fields,
    text_in_field,
)


def read_spans(body: bytes) -> Iterator[Received]:
    """The spans of a request. WireError when the bytes around the spans are broken."""
    reader = SpanReader(Budget())
    for number, value in read_fields(memoryview(body), reader.budget):
        if number == 1:
            yield from reader.read_resource_spans(message_in(value))


class SpanReader:
    """Reads the messages of one request against one budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.attributes = AttributeReader(budget)

    def read_resource_spans(self, data: Data) -> Iterator[Received]:
        """The resource may stand behind its spans: it is looked for first."""
        resource: Attributes = {}
        scopes: list[Data] = []
        for number, value in read_fields(data, self.budget):
            if number == 1:
                resource = self._resource(bytes(message_in(value)))
            elif number == 2:
                scopes.append(message_in(value))
        for scope in scopes:
            yield from self._scope_spans(scope, resource)

    def _scope_spans(self, data: Data, resource: Attributes) -> Iterator[Received]:
        source = Source(resource)
        for number, value in read_fields(data, self.budget):
            if number == 1:
                source = self._source(message_in(value), resource)
            elif number == 2:
                yield self._received(bytes(message_in(value)), source)

    def _resource(self, data: bytes) -> Attributes:
        """One that cannot be read costs its attributes, not its spans."""
        found: Attributes = {}
        with suppress(SpanRefused, WireError):
            for number, value in read_fields(data, self.budget):
                if number == 1:
                    self.attributes.put(found, value)
        return found

    def _source(self, data: Data, resource: Attributes) -> Source:
        source = Source(resource)
        with suppress(WireError):
            for number, value in read_fields(data, self.budget):
                if number == 1:
                    source.scope = text_in_field(value)[:LONGEST_NAME]
                elif number == 2:
                    source.scope_version = text_in_field(value)[:LONGEST_NAME]
        return source

    def _received(self, data: bytes, source: Source) -> Received:
        try:
            return check_span(self._span(data, source))
        except WireError as error:
            return SpanRefused(f"the span is no protobuf message: {error}")
        except SpanRefused as refusal:
            return refusal

    def _span(self, data: bytes, source: Source) -> Span:
        span = Span(source=source)
        for number, value in read_fields(data, self.budget, 9, self.attributes, span.attributes):
            if number < 9:
                _put_plain(span, number, value)
            elif number == 11:
                span.events.append(self._event(message_in(value)))
                if len(span.events) > MOST_EVENTS:
                    raise SpanRefused(f"events: more than {MOST_EVENTS:,}")
            elif number == 15:
                self._put_status(span, message_in(value))
        self.attributes.check_room(span.attributes)
        return span

    def _event(self, data: Data) -> SpanEvent:
        event = SpanEvent("", {})
        for number, value in read_fields(data, self.budget):
            if number == 2:
                event.name = text_in_field(value)[:LONGEST_NAME]
            elif number == 3:
                self.attributes.put(event.attributes, value)
        return event

    def _put_status(self, span: Span, data: Data) -> None:
        for number, value in read_fields(data, self.budget):
            if number == 2:
                span.status_message = text_in_field(value)
            elif number == 3:
                span.status = integer_in(value)


def _put_plain(span: Span, number: int, value: Value) -> None:
    if number == 7:
        span.start_ns = integer_in(value)
    elif number == 8:
        span.end_ns = integer_in(value)
    elif number == 1:
        span.trace_id = message_in(value)[:17].hex()
    elif number == 2:
        span.span_id = message_in(value)[:17].hex()
    elif number == 4:
        span.parent_id = message_in(value)[:17].hex()
    elif number == 5:
        span.name = text_in_field(value)[:LONGEST_NAME]
