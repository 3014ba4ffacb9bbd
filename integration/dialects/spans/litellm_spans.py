"""What LiteLLM's callback `otel` adds to the conventions: costs, its own ids, a second span with
the raw request, and the settings of its proxy.

https://docs.litellm.ai/docs/observability/opentelemetry_integration
"""

from __future__ import annotations

import re

from integration.dialects.calls import ToldCall
from integration.dialects.json_values import number_in, object_in, text_in
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.name_sets import NameSet, names_of
from integration.dialects.spans.taken import Taken

AREAS = frozenset(
    {"error", "gen_ai.cost", "gen_ai.request.id", "hidden_params", "litellm", "litellm_call_id"}
    | {"metadata"}
)
RAW_SPAN = "raw_gen_ai_request"
ID_PREFIX = "litellm-"
# The proxy's notes about keys and requests: some become tags, none of the rest is kept.
NOTES = {
    "user_api_key_alias": "key",
    "user_api_key_team_alias": "team",
    "user_api_key_end_user_id": "user",
    "user_api_key_user_id": "user",
}
RAW = re.compile(r"llm\.[\w-]+\.(?:stringified_raw_response|model|messages|choices|usage|object)")


def kind_of(span: Span) -> SpanKind | None:
    """The raw request and its answer are told by the span above once already."""
    if span.name == RAW_SPAN:
        return SpanKind.CONTEXT
    told = names_of(span).derive(is_raw_request)
    return SpanKind.CONTEXT if told else None


def is_raw_request(names: NameSet) -> bool:
    return "gen_ai" not in names.areas and any(map(RAW.fullmatch, names.names))


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    """The id is LiteLLM's own, so that its callback and its spans count a call once."""
    costs = taken.take_under("gen_ai.cost.")
    notes = taken.take_under("metadata.")
    own_id = text_in(taken.take("litellm.call_id", "litellm_call_id"), 100)
    taken.take("hidden_params", "gen_ai.request.id")
    call.fill(
        id=own_id and ID_PREFIX + own_id,
        cost=number_in(costs.get("total_cost")),
        session=notes.get("session_id"),
    )
    asked = object_in(notes.get("requester_metadata"))
    call.fill(task_type=asked.get("task_type"), decision=asked.get("decision_id"))
    call.fill_tags({NOTES[name]: value for name, value in notes.items() if name in NOTES})
    message = taken.take("error.message")
    taken.take("error.code", "error.llm_provider", "error.stack_trace")
    if message and call.failed is not False:
        call.error.setdefault("message", message)
