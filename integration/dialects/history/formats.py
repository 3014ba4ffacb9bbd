"""The formats of history by name, and which of them a file is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from featurememory.errors import FeatureMemoryError, invalid
from integration.dialects.history import columns, langfuse, litellm, openai_batch, otlp, phoenix
from integration.dialects.history.rows import Imported, Row, Rows, read_each
from integration.dialects.json_values import object_in

Reader = Callable[[Rows], Iterator[Imported]]
INTERACTIONS, AUTO = "interactions", "auto"


def read_interactions(rows: Rows) -> Iterator[Imported]:
    """Our own shape: nothing to read."""
    return read_each(rows, dict)


READERS: dict[str, Reader] = {
    INTERACTIONS: read_interactions,
    "columns": columns.read,
    "langfuse": langfuse.read,
    "litellm": litellm.read,
    "openai": openai_batch.read,
    "otlp": otlp.read,
    "phoenix": phoenix.read,
}
TABLES = ("columns", "csv", "parquet")  # by the kind of file; whatever its columns are called
NAMES = (AUTO, *READERS, *TABLES[1:])
# Rows that cannot be read are not kept for longer while the format is not known.
PATIENCE = 100
OBSERVED = {"modelParameters", "model_parameters", "usageDetails", "usage_details"}
OBSERVED |= {"parentObservationId", "parent_observation_id", "provided_model_name"}


def read_history(
    rows: Rows, name: str = AUTO, mapping: Mapping[str, str] | None = None
) -> Iterator[Imported]:
    """The rows of a file as interactions, in the named format or the one its first row tells.

    A mapping (column → field) makes any table a table of `columns`.
    """
    if name not in NAMES:
        raise invalid(f"there is no format {name[:40]!r}; there are {', '.join(NAMES)}")
    stream, unread = iter(rows), list[Row | FeatureMemoryError]()
    for row in stream:
        unread.append(row)
        if not isinstance(row, FeatureMemoryError):
            name = _chosen(name, row, mapping)
            break
        if len(unread) >= PATIENCE:
            break
    whole = chain(unread, stream)
    if name in (*TABLES, AUTO):  # AUTO: not one row could be read
        return columns.read(whole, mapping)
    return READERS[name](whole)


def _chosen(name: str, row: Row, mapping: Mapping[str, str] | None) -> str:
    if name != AUTO:
        return name
    return "columns" if mapping else detect_format(row)


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
