"""What was received becomes interactions: good ones are stored, the others told one by one."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error
from integration.dialects.calls import Call, interaction_of
from integration.dialects.intake import Arrival, make_arrival, store_arrivals
from integration.dialects.json_values import Json
from integration.dialects.otlp.span import MOST_SPANS, Received, Span, SpanRefused
from integration.dialects.spans.dialect import Kind
from integration.dialects.spans.leaves import find_leaves
from integration.dialects.spans.mapping import kind_of, read_span
from integration.dialects.spans.same_call import find_twin, inherit_session, model_above
from integration.dialects.unmapped import MOST_A_CALL, unmapped_names

REASONS_TOLD = 5
TWINS = 10  # calls of one answer that are compared; a stub answers all with the same id


@dataclass(slots=True)
class Outcome:
    """What became of a request. `rejected`: place and error of each that was not taken."""

    stored: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, FeatureMemoryError]] = field(default_factory=list)

    def why(self) -> str:
        """The first reasons in one line."""
        told = [f"{place}: {error.message}" for place, error in self.rejected[:REASONS_TOLD]]
        more = len(self.rejected) - len(told)
        return "; ".join([*told, f"and {more:,} more"] if more > 0 else told)[:2_000]


def receive_spans(project_id: UUID, received: Iterable[Received]) -> Outcome:
    """Store the calls of models among these spans."""
    outcome = Outcome()
    placed = _sort_out(received, outcome)
    reading = SpanReading(placed, outcome)
    reading.read(find_leaves(project_id, list(reading.spans.values()), reading.kinds))
    unmapped_names.note(project_id, "otlp", list(reading.unmapped)[:MOST_A_CALL])
    return _store(project_id, reading.arrivals(), outcome)


class SpanReading:
    """The spans of a request, and the calls that were read from them."""

    def __init__(self, placed: list[tuple[int, Span]], outcome: Outcome) -> None:
        self.places = {span.key: place for place, span in placed}
        self.spans = {span.key: span for _, span in placed}
        self.outcome = outcome
        self.kinds: dict[str, Kind | None] = dict.fromkeys(self.spans)
        for key, span in self.spans.items():
            with self.refused_alone(key):
                self.kinds[key] = kind_of(span)
        self.calls: dict[str, Call] = {}
        self.unmapped: dict[str, None] = {}
        self.answers: dict[str, deque[Call]] = defaultdict(lambda: deque(maxlen=TWINS))

    def read(self, leaves: list[Span]) -> None:
        """A call that has a model's span above it to itself is completed from it."""
        above = {span.key: model_above(span, self.spans, self.kinds) for span in leaves}
        below = Counter(above.values())
        for span in leaves:
            parent = above[span.key]
            whole = self.spans[parent] if parent and below[parent] == 1 else None
            with self.refused_alone(span.key):
                self.keep(span.key, self.call_of(span, whole))

    def call_of(self, span: Span, whole: Span | None) -> Call:
        call, unknown = read_span(span)
        if whole is not None:
            more, also_unknown = read_span(whole)
            call.fill_from(more)
            unknown = [*unknown, *also_unknown]
        inherit_session(call, span, self.spans)
        self.unmapped.update(dict.fromkeys(unknown))
        return call

    def keep(self, key: str, call: Call) -> None:
        """A second telling of a call completes the first."""
        same = self.answers[call.response_id] if call.response_id else deque[Call]()
        if twin := find_twin(call, same):
            twin.fill_from(call)
        else:
            self.calls[key] = call
            same.append(call)

    def arrivals(self) -> list[Arrival]:
        made = []
        for key, call in self.calls.items():
            with self.refused_alone(key):
                made.append(make_arrival(interaction_of(call)))
        return made

    @contextmanager
    def refused_alone(self, key: str) -> Iterator[None]:
        """Whatever a span holds, it is refused for itself and stops no other."""
        try:
            yield
        except Exception as error:
            self.outcome.rejected.append((self.places[key], handle_feature_memory_error(error)))


def _sort_out(received: Iterable[Received], outcome: Outcome) -> list[tuple[int, Span]]:
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
) -> Outcome:
    """Store interactions that were read from callbacks; an error stands for one unreadable."""
    outcome, arrivals = Outcome(), []
    for place, interaction in enumerate(found):
        if isinstance(interaction, FeatureMemoryError):
            outcome.rejected.append((place, interaction))
            continue
        try:
            arrivals.append(make_arrival(interaction))
        except FeatureMemoryError as error:
            outcome.rejected.append((place, error))
    return _store(project_id, arrivals, outcome)


def _store(project_id: UUID, arrivals: list[Arrival], outcome: Outcome) -> Outcome:
    outcome.stored = store_arrivals(project_id, arrivals)
    outcome.duplicates = len(arrivals) - outcome.stored
    return outcome
