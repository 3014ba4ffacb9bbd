"""Our own attributes, for what no convention has a name for: `feature_memory.task_type` and so on."""

from __future__ import annotations

from integration.dialects.calls import ToldCall
from integration.dialects.json_values import number_in
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.taken import Taken

AREAS = frozenset({"feature_memory"})
PREFIX = "feature_memory."


def kind_of(span: Span) -> SpanKind | None:
    return None


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    """`decision_id` tells the outcome of a decision of `POST /tasks/prepare/`."""
    found = taken.take_under(PREFIX)
    score = number_in(found.get("score"))
    call.fill(
        task_type=found.get("task_type"),
        decision=found.get("decision_id"),
        session=found.get("session_id"),
        score=score if score is not None and score <= 1 else None,
    )
