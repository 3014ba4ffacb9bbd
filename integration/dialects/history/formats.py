"""The formats of history by name, and which of them a file is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from integration.dialects.history import columns, langfuse, litellm, openai_batch, otlp, phoenix
from integration.dialects.history.rows import Imported, Row, Rows
from integration.dialects.json_values import object_in

Reader = Callable[[Rows], Iterator[Imported]]
READERS: dict[str, Reader] = {
    "columns": columns.read,
    "langfuse": langfuse.read,
    "litellm": litellm.read,
    "openai": openai_batch.read,
    "otlp": otlp.read,
    "phoenix": phoenix.read,
}
INTERACTIONS = "interactions"  # our own shape: nothing to read
OBSERVED = {"modelParameters", "model_parameters", "usageDetails", "usage_details"}
OBSERVED |= {"parentObservationId", "parent_observation_id", "provided_model_name"}


def detect_format(row: Row) -> str:
    """The format a first row is in; `columns` when it is none of the others."""
    names = row.keys()
    if "resourceSpans" in names:
        return "otlp"
    if "context.span_id" in names or "span_id" in object_in(row.get("context")):
        return "phoenix"
    if "custom_id" in names:
        return "openai"
    if "litellm_call_id" in names or ("call_type" in names and {"spend", "response_cost"} & names):
        return "litellm"
    if "observations" in names or names & OBSERVED:
        return "langfuse"
    if {"model_id", "modelId"} & names and "timestamp" in object_in(row.get("metadata")):
        return INTERACTIONS
    return "columns"
