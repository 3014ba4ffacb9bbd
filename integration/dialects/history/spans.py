"""Exports of spans: read in portions, so that calls find what stands above them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from featurememory.errors import FeatureMemoryError, handle_feature_memory_error
from integration.dialects.calls import interaction_of
from integration.dialects.history.rows import Imported, Row, Rows
from integration.dialects.otlp.span import Span
from integration.dialects.spans.leaves import Ancestors
from integration.dialects.spans.reading import SpanReading
from integration.dialects.times import moment_in

# Spans read together. Exports keep a trace together, or nearly so.
PORTION = 1_000
NOWHERE = UUID(int=0)  # ancestors are remembered for the one file


def read_spans(rows: Rows, spans_of: Callable[[Row], Iterable[Span]]) -> Iterator[Imported]:
    """The calls among the spans of these rows. The ids are those of the spans sent live."""
    known, numbered = Ancestors(), enumerate(rows, 1)
    while portion := list(islice(numbered, PORTION)):
        placed: list[tuple[int, Span]] = []
        for number, row in portion:
            if isinstance(row, FeatureMemoryError):
                yield number, row
                continue
            try:
                placed += ((number, span) for span in list(spans_of(row)))
            except Exception as error:
                yield number, handle_feature_memory_error(error)
        reading = SpanReading(placed, NOWHERE, known)
        yield from reading.rejected
        for key, call in reading.calls.items():
            yield reading.places[key], interaction_of(call)


def nanoseconds(value: Any) -> int | None:
    """A moment in any spelling; None when it is none."""
    moment = moment_in(value)
    return None if moment is None else round(moment * 1_000_000)
