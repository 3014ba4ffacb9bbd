"""Spans as interactions: every dialect is asked, the first that knows a value wins."""

from __future__ import annotations

import re
from functools import lru_cache

from integration.dialects.calls import ToldCall
from integration.dialects.otlp.span import ERROR, Span
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
    return next((kind for one in DIALECTS if (kind := one.kind_of(span)) is not None), None)


def read_span(span: Span) -> tuple[ToldCall, list[str]]:
    """The call a span tells of, and the names of the attributes nobody maps."""
    taken, call = Taken(span.attributes, bool(span.events)), ToldCall()
    for dialect in DIALECTS:
        if not dialect.AREAS.isdisjoint(taken.areas):
            dialect.read(span, taken, call)
    _read_outcome(span, call)
    call.started_ms = span.start_ns // 1_000_000
    if span.end_ns >= span.start_ns:
        call.duration_ms = (span.end_ns - span.start_ns) / 1_000_000
    call.fill(id=span.key)
    resource = span.source.resource
    for name, tag in RESOURCE_TAGS.items():
        if name in resource:
            call.fill_tags({tag: resource[name]})
    left = {name: value for name, value in taken.left().items() if not is_plumbing(name)}
    call.fill_tags(left)
    return call, sorted({generalize(name) for name in left})


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
    call.fill(failed=span.status == ERROR or kind not in (None, ""))
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
