"""Spans that tell of the same call: what one lacks is taken from the others.

Libraries stand on libraries: the provider's own span often lies below that of an instrumentation
and holds no texts, or beside it in a trace of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from integration.dialects.calls import ToldCall
from integration.dialects.json_values import text_in
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind

SESSIONS = ("langfuse.session.id", "session.id", "gen_ai.conversation.id")
FARTHEST = 50  # spans above a call that are asked


def spans_above(span: Span, spans: Mapping[str, Span]) -> Iterator[Span]:
    """Those of the same request, nearest first."""
    for _ in range(FARTHEST):
        found = spans.get(span.parent_key or "")
        if found is None:
            return
        yield found
        span = found


def model_above(
    span: Span, spans: Mapping[str, Span], kinds: Mapping[str, SpanKind | None]
) -> str | None:
    """The nearest span above that is a model's too."""
    if not span.parent_id:
        return None
    return next((s.key for s in spans_above(span, spans) if kinds[s.key] is SpanKind.MODEL), None)


def inherit_session(call: ToldCall, span: Span, spans: Mapping[str, Span]) -> None:
    """Many set the session on the outermost span only."""
    for above in spans_above(span, spans) if call.session is None else ():
        found = next((above.attributes[n] for n in SESSIONS if above.attributes.get(n)), None)
        call.fill(session=text_in(found))


def find_twin(call: ToldCall, earlier: Iterable[ToldCall]) -> ToldCall | None:
    """A call of this request with the same answer of the provider, at the same time."""
    for other in earlier if call.response_id else ():
        if other.response_id == call.response_id and _overlap(call, other):
            return other
    return None


def _overlap(one: ToldCall, other: ToldCall) -> bool:
    starts = [float(call.started_ms or 0) for call in (one, other)]
    ends = [
        start + (call.duration_ms or 0) for start, call in zip(starts, (one, other), strict=True)
    ]
    return max(starts) <= min(ends)
