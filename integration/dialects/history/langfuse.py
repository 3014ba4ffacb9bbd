"""Langfuse: observations from its API, its blob exports (snake_case) and its pages (CSV, JSON).

Rows of other kinds (spans, events, traces) are no calls of a model and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from featurememory.errors import invalid
from integration.dialects.history.rows import Imported, Row, Rows, first_of
from integration.dialects.history.spans import nanoseconds, read_spans
from integration.dialects.json_values import Json, list_in, object_in, text_in
from integration.dialects.otlp.span import Span
from integration.dialects.spans.langfuse import MODELS, SEEN

# Our attribute → the columns of the exports, newest spelling first.
COLUMNS = {
    SEEN + "model.name": ("model", "providedModelName", "provided_model_name"),
    SEEN + "input": ("input",),
    SEEN + "output": ("output",),
    SEEN + "model.parameters": ("modelParameters", "model_parameters"),
    SEEN + "level": ("level",),
    SEEN + "status_message": ("statusMessage", "status_message"),
    SEEN + "prompt.name": ("promptName", "prompt_name"),
    SEEN + "metadata": ("metadata",),
    "langfuse.environment": ("environment",),
    "langfuse.version": ("version",),
    "langfuse.trace.name": ("traceName", "trace_name"),
    "langfuse.trace.tags": ("traceTags", "tags", "trace_tags"),
    "session.id": ("sessionId", "session_id"),
    "user.id": ("userId", "user_id"),
}

PLAIN = (
    "promptTokens",
    "completionTokens",
    "totalTokens",
    "inputUsage",
    "outputUsage",
    "totalUsage",
)


def read(rows: Rows) -> Iterator[Imported]:
    return read_spans(rows, spans_of)


def spans_of(row: Row) -> Iterator[Span]:
    """The row itself, or the observations of a trace that holds them."""
    inside = list_in(row.get("observations"))
    if any(isinstance(one, dict) for one in inside):
        about = {name: row.get(name) for name in ("sessionId", "userId", "tags")}
        for one in inside:
            if isinstance(one, dict):
                yield from spans_of(
                    {**about, "traceId": row.get("id"), **one, "observations": None}
                )
    elif row.get("type"):
        yield _span(row)


def _span(row: Row) -> Span:
    own_id = text_in(row.get("id"))
    started = nanoseconds(first_of(row, "startTime", "start_time"))
    if own_id is None or started is None:
        raise invalid("an observation needs an id and a start time")
    attributes = {name: first_of(row, *columns) for name, columns in COLUMNS.items()}
    attributes[SEEN + "type"] = kind = str(row["type"]).lower()
    if kind not in MODELS:  # in exports the type is right: what is no generation is context
        attributes.pop(SEEN + "model.name")
    attributes[SEEN + "usage_details"] = _usage(row)
    attributes[SEEN + "cost_details"] = _cost(row)
    return Span(
        trace_id=text_in(first_of(row, "traceId", "trace_id")) or "",
        span_id=own_id,
        parent_id=text_in(first_of(row, "parentObservationId", "parent_observation_id")) or "",
        start_ns=started,
        end_ns=nanoseconds(first_of(row, "endTime", "end_time")) or 0,
        attributes={name: value for name, value in attributes.items() if value is not None},
    )


def _usage(row: Row) -> Json:
    """The details where there is a column for them, even when it is empty: the pages' plain
    columns say 0 for what was never told."""
    for name in ("usageDetails", "usage_details"):
        if name in row:
            return object_in(row[name])
    given, plain = object_in(row.get("usage")), {name: row.get(name) for name in PLAIN}
    told = {
        "input": first_of({**plain, **given}, "input", "promptTokens", "inputUsage"),
        "output": first_of({**plain, **given}, "output", "completionTokens", "outputUsage"),
        "total": first_of({**plain, **given}, "total", "totalTokens", "totalUsage"),
    }
    return {name: count for name, count in told.items() if count is not None}


def _cost(row: Row) -> Json:
    for name in ("costDetails", "cost_details"):
        if details := object_in(row.get(name)):
            return details
    if "costDetails" in row or "cost_details" in row:
        return {}
    total = first_of(row, "calculatedTotalCost", "totalCost", "total_cost")
    return {} if total is None else {"total": total}
