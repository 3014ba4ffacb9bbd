"""A span as it was sent, and what is asked of one before anything else looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from integration.dialects.json_values import Json

# A request with more is refused whole: a span costs some 0.1 ms. Collectors send 8,192 and more.
MOST_SPANS = 20_000
# OpenTelemetry's own default is 128; a long conversation in single attributes takes hundreds.
MOST_ATTRIBUTES, MOST_EVENTS, LONGEST_NAME = 4_000, 1_000, 1_000
LATEST_NS = 253_402_300_799_999 * 1_000_000  # the end of the year 9999
LONGEST_NS = 30 * 86_400 * 10**9  # an end that was never set reads like a call of centuries
ERROR = 2  # the status code; UNSET (0) and OK (1) are success
NO_ID = "0" * 32

Attributes: TypeAlias = dict[str, Json]


class SpanRefused(ValueError):
    """Why one span is not taken; the others of its request are."""


@dataclass(slots=True)
class SpanEvent:
    name: str
    attributes: Attributes


@dataclass(slots=True)
class Source:
    """What all spans of a scope share: who made them."""

    resource: Attributes = field(default_factory=dict)
    scope: str = ""
    scope_version: str = ""
    tags: Attributes | None = None  # what of the resource becomes tags, worked out once


@dataclass(slots=True)
class Span:
    """Ids are lower-case hex, times nanoseconds since the epoch."""

    trace_id: str = ""
    span_id: str = ""
    parent_id: str = ""
    name: str = ""
    start_ns: int = 0
    end_ns: int = 0
    status: int = 0
    status_message: str = ""
    attributes: Attributes = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)
    source: Source = field(default_factory=Source)
    names: Any = None  # of its attributes, as the dialects know them (`names_of`)
    _key: str = ""

    @property
    def key(self) -> str:
        """Names the span among all: the same span sent again has the same. Asked for often."""
        if not self._key:
            self._key = f"{self.trace_id}-{self.span_id}"
        return self._key

    @property
    def parent_key(self) -> str | None:
        if not self.parent_id or self.parent_id == self.span_id:
            return None
        return f"{self.trace_id}-{self.parent_id}"


Received: TypeAlias = Span | SpanRefused


def check_span(span: Span) -> Span:
    """The span itself; SpanRefused with a sentence when it cannot be one."""
    if not _is_id(span.trace_id, 32):
        raise SpanRefused("traceId: must be 16 bytes, not all zero")
    if not _is_id(span.span_id, 16):
        raise SpanRefused("spanId: must be 8 bytes, not all zero")
    if span.parent_id and not _is_id(span.parent_id, 16):
        span.parent_id = ""
    if not 0 < span.start_ns <= LATEST_NS:
        raise SpanRefused("startTimeUnixNano: must lie between the years 1970 and 9999")
    if not 0 <= span.end_ns - span.start_ns <= LONGEST_NS:
        raise SpanRefused("endTimeUnixNano: must lie within 30 days after the start")
    return span


def _is_id(text: str, length: int) -> bool:
    return len(text) == length and text != NO_ID[:length]
