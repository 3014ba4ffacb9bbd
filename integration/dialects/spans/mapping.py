"""Spans as interactions: every dialect is asked, the first that knows a value wins."""

from __future__ import annotations

import re
from functools import lru_cache

from integration.dialects.calls import ToldCall, is_something
from integration.dialects.otlp.span import ERROR, Attributes, Source, Span
from integration.dialects.spans import (
    genai,
    genai_attributes,
    genai_events,
    langfuse,
    litellm_spans,
    openinference,
    own,
    vercel_ai,
)
from integration.dialects.spans.dialect import SpanDialect, SpanKind
from integration.dialects.spans.name_sets import NameSet, names_of
from integration.dialects.spans.taken import Taken

# In this order. A span often speaks several: Langfuse's SDK forwards what others wrote.
DIALECTS: tuple[SpanDialect, ...] = (
    own,
    litellm_spans,
    langfuse,
    openinference,
    vercel_ai,
    genai,
    genai_attributes,
    genai_events,
)
RESOURCE_TAGS = {
    "service.name": "service",
    "service.version": "service_version",
    "deployment.environment.name": "env",
    "deployment.environment": "env",
}
# Infrastructure that instrumentations add on their own.
PLUMBING = re.compile(
    r"(?:thread|code|network|net|http|url|server|client|process|telemetry|otel|peer|host)\..*"
    r"|error\.type|exception\..*|user_agent\..*"
)
INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")
NAMES_KEPT = 1_000  # names are seen again and again


def kind_of(span: Span) -> SpanKind | None:
    """What the first dialect says that knows this span; None: no call of a model at all."""
    for dialect in names_of(span).derive(find_kind_dialects):
        kind = dialect.kind_of(span)
        if kind is not None:
            return kind
    return None


def find_dialects(names: NameSet) -> tuple[SpanDialect, ...]:
    """Those that read any of these names: no other need look at the span."""
    return tuple(one for one in DIALECTS if not one.AREAS.isdisjoint(names.areas))


def find_kind_dialects(names: NameSet) -> tuple[SpanDialect, ...]:
    """LiteLLM's raw requests are told by the name of the span as well."""
    found = find_dialects(names)
    return tuple(one for one in DIALECTS if one in found or one is litellm_spans)


def read_span(span: Span) -> tuple[ToldCall, list[str]]:
    """The call a span tells of, and the names of the attributes nobody maps."""
    names, call = names_of(span), ToldCall()
    taken = Taken(span.attributes, names)
    dialects = names.derive(find_dialects)
    for dialect in dialects:
        dialect.read(span, taken, call)
    if span.events and genai_events not in dialects:
        genai_events.read(span, taken, call)
    _read_outcome(span, call)
    call.started_ms = span.start_ns // 1_000_000
    if span.end_ns >= span.start_ns:
        call.duration_ms = (span.end_ns - span.start_ns) / 1_000_000
    call.id = call.id or span.key
    call.fill_tags(tags_of(span.source))
    left = {name: value for name, value in taken.left().items() if not is_plumbing(name)}
    if not left:
        return call, []
    call.fill_tags(left)
    return call, sorted({generalize(name) for name in left})


def tags_of(source: Source) -> Attributes:
    """What spans have from their resource. Its first name for a tag counts."""
    if source.tags is None:
        made: Attributes = {}
        for name, tag in RESOURCE_TAGS.items():
            if is_something(source.resource.get(name)):
                made.setdefault(tag, source.resource[name])
        source.tags = made
    return source.tags


@lru_cache(NAMES_KEPT)
def is_plumbing(name: str) -> bool:
    return PLUMBING.fullmatch(name) is not None


@lru_cache(NAMES_KEPT)
def generalize(name: str) -> str:
    """`tool.3.name` as `tool.*.name`: numbered names are one to whoever maps them."""
    return INDEX.sub("*", name)


def _read_outcome(span: Span, call: ToldCall) -> None:
    """UNSET and OK are success; `error.type` is only there when the operation failed."""
    kind = span.attributes.get("error.type")
    if call.failed is None:
        call.failed = span.status == ERROR or kind not in (None, "")
    if not call.failed:
        return
    exceptions = [event.attributes for event in span.events if event.name == "exception"]
    last = exceptions[-1] if exceptions else {}
    found = {
        "type": kind or last.get("exception.type"),
        "message": last.get("exception.message") or span.status_message,
    }
    for name, value in found.items():
        if value:
            call.error.setdefault(name, value)
