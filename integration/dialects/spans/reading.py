"""The spans that came together, and the calls they tell of."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from uuid import UUID

from featurememory.errors import FeatureMemoryError, handle_feature_memory_error
from integration.dialects.calls import ToldCall
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.leaves import Ancestors, find_leaves
from integration.dialects.spans.mapping import kind_of, read_span
from integration.dialects.spans.same_call import find_twin, inherit_session, model_above

TWINS = 10  # calls of one answer that are compared; a stub answers all with the same id


class SpanReading:
    """Reads the calls of models among spans. `placed`: each with its place, for what is refused."""

    def __init__(
        self, placed: Sequence[tuple[int, Span]], project_id: UUID, known: Ancestors
    ) -> None:
        self.places = {span.key: place for place, span in placed}
        self.spans = {span.key: span for _, span in placed}
        self.kinds: dict[str, SpanKind | None] = dict.fromkeys(self.spans)
        self.calls: dict[str, ToldCall] = {}
        self.unmapped: dict[str, None] = {}
        self.rejected: list[tuple[int, FeatureMemoryError]] = []
        self._answers: dict[str, deque[ToldCall]] = defaultdict(lambda: deque(maxlen=TWINS))
        for key, span in self.spans.items():
            try:
                self.kinds[key] = kind_of(span)
            except Exception as error:
                self.refuse(key, error)
        self._read(find_leaves(project_id, list(self.spans.values()), self.kinds, known))

    def _read(self, leaves: list[Span]) -> None:
        """A call that has a model's span above it to itself is completed from it."""
        above = [model_above(span, self.spans, self.kinds) for span in leaves]
        below = Counter(parent for parent in above if parent)
        for span, parent in zip(leaves, above, strict=True):
            whole = self.spans[parent] if parent and below[parent] == 1 else None
            try:
                self._keep(span.key, self._call_of(span, whole))
            except Exception as error:
                self.refuse(span.key, error)

    def _call_of(self, span: Span, whole: Span | None) -> ToldCall:
        call, unknown = read_span(span)
        if whole is not None:
            more, also_unknown = read_span(whole)
            call.fill_from(more)
            unknown = [*unknown, *also_unknown]
        if call.session is None and span.parent_id:
            inherit_session(call, span, self.spans)
        if unknown:
            self.unmapped.update(dict.fromkeys(unknown))
        return call

    def _keep(self, key: str, call: ToldCall) -> None:
        """A second telling of a call completes the first."""
        same = self._answers[call.response_id] if call.response_id else None
        if same and (twin := find_twin(call, same)):
            twin.fill_from(call)
            return
        self.calls[key] = call
        if same is not None:
            same.append(call)

    def refuse(self, key: str, error: Exception) -> None:
        """Whatever a span holds, it is refused for itself and stops no other."""
        self.rejected.append((self.places[key], handle_feature_memory_error(error)))
