"""OTLP/JSON in files, a request a line, as the OpenTelemetry Collector's file exporter writes."""

from __future__ import annotations

from collections.abc import Iterator

from integration.dialects.history.rows import Imported, Row, Rows
from integration.dialects.history.spans import read_spans
from integration.dialects.otlp import json
from integration.dialects.otlp.span import Span


def read(rows: Rows) -> Iterator[Imported]:
    return read_spans(rows, spans_of)


def spans_of(row: Row) -> Iterator[Span]:
    return (span for span in json.read_spans(row) if isinstance(span, Span))
