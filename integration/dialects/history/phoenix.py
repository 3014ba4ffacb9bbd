"""Phoenix: spans from its API and its client (`get_spans_dataframe`) as JSON, CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator

from featurememory.errors import invalid
from integration.dialects.history.rows import Imported, Row, Rows, first_of
from integration.dialects.history.spans import nanoseconds, read_spans
from integration.dialects.json_values import Json, flatten, list_in, object_in, open_json, text_in
from integration.dialects.otlp.span import ERROR, Attributes, Span, SpanEvent
from integration.dialects.spans.openinference import KIND

COLUMN = "attributes."


def read(rows: Rows) -> Iterator[Imported]:
    return read_spans(rows, spans_of)


def spans_of(row: Row) -> Iterator[Span]:
    context = object_in(row.get("context"))
    span_id = text_in(context.get("span_id") or first_of(row, "context.span_id", "span_id"))
    started = nanoseconds(row.get("start_time"))
    if span_id is None or started is None:
        raise invalid("a span needs an id and a start time")
    trace_id = context.get("trace_id") or first_of(row, "context.trace_id", "trace_id")
    attributes = _attributes(row)
    if kind := text_in(row.get("span_kind")):
        attributes.setdefault(KIND, kind)
    yield Span(
        trace_id=text_in(trace_id) or "",
        span_id=span_id,
        parent_id=text_in(row.get("parent_id")) or "",
        start_ns=started,
        end_ns=nanoseconds(row.get("end_time")) or 0,
        status=ERROR if str(row.get("status_code")).upper() == "ERROR" else 0,
        status_message=str(row.get("status_message") or ""),
        attributes=attributes,
        events=[_event(event) for event in list_in(row.get("events")) if isinstance(event, dict)],
    )


def _attributes(row: Row) -> Attributes:
    """One member with dotted or nested names, or a column each; lists of messages are nested."""
    given = dict(object_in(row.get("attributes")))
    for name, value in row.items():
        if name.startswith(COLUMN) and value is not None and value == value:  # no NaN
            given[name.removeprefix(COLUMN)] = value
    return flatten({name: _opened(name, value) for name, value in given.items()})


def _opened(name: str, value: Json) -> Json:
    """In CSV lists are text; texts of the application's own stay text."""
    return value if name in ("input.value", "output.value", "metadata") else open_json(value)


def _event(event: Row) -> SpanEvent:
    return SpanEvent(str(event.get("name", "")), flatten(object_in(event.get("attributes"))))
