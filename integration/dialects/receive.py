"""What was received becomes interactions: good ones are stored, the others told one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.dialects.calls import interaction_of
from integration.dialects.intake import (
    Arrival,
    make_arrival,
    make_told_arrival,
    store_arrivals,
)
from integration.dialects.json_values import Json
from integration.dialects.otlp.span import MOST_SPANS, Received, Span, SpanRefused
from integration.dialects.spans.leaves import ancestors
from integration.dialects.spans.reading import SpanReading
from integration.dialects.unmapped import MOST_A_CALL, unmapped_names

REASONS_TOLD = 5


@dataclass(slots=True)
class Reception:
    """What became of a request. `rejected`: place and error of each that was not taken."""

    stored: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, FeatureMemoryError]] = field(default_factory=list)

    def why(self) -> str:
        """The first reasons in one line."""
        told = [f"{place}: {error.message}" for place, error in self.rejected[:REASONS_TOLD]]
        more = len(self.rejected) - len(told)
        return "; ".join([*told, f"and {more:,} more"] if more > 0 else told)[:2_000]


def receive_spans(project_id: UUID, received: Iterable[Received]) -> Reception:
    """Store the calls of models among these spans."""
    outcome = Reception()
    placed = _sort_out(received, outcome)
    reading = SpanReading(placed, project_id, ancestors)
    arrivals = []
    for key, call in reading.calls.items():
        try:
            arrivals.append(make_told_arrival(interaction_of(call)))
        except Exception as error:
            reading.refuse(key, error)
    outcome.rejected += reading.rejected
    unmapped_names.note(project_id, "otlp", list(reading.unmapped)[:MOST_A_CALL])
    return _store(project_id, arrivals, outcome)


def _sort_out(received: Iterable[Received], outcome: Reception) -> list[tuple[int, Span]]:
    spans: list[tuple[int, Span]] = []
    for place, found in enumerate(received):
        if place >= MOST_SPANS:
            raise FeatureMemoryError(
                f"A request holds at most {MOST_SPANS:,} spans.", ErrorCode.TOO_LARGE
            )
        if isinstance(found, SpanRefused):
            error = FeatureMemoryError(str(found), ErrorCode.VALIDATION_FAILED)
            outcome.rejected.append((place, error))
        else:
            spans.append((place, found))
    return spans


def receive_calls(
    project_id: UUID, found: Iterable[dict[str, Json] | FeatureMemoryError]
) -> Reception:
    """Store interactions that were read from callbacks; an error stands for one unreadable."""
    outcome, arrivals = Reception(), []
    for place, interaction in enumerate(found):
        if isinstance(interaction, FeatureMemoryError):
            outcome.rejected.append((place, interaction))
            continue
        try:
            arrivals.append(make_arrival(interaction))
        except FeatureMemoryError as error:
            outcome.rejected.append((place, error))
    return _store(project_id, arrivals, outcome)


def _store(project_id: UUID, arrivals: list[Arrival], outcome: Reception) -> Reception:
    outcome.stored = store_arrivals(project_id, arrivals)
    outcome.duplicates = len(arrivals) - outcome.stored
    return outcome
