"""Which spans count: calls of a model with no other call of a model below them.

What stands above repeats the sum of what stands below: agents and chains by their kind, and a
model's span over another model's (one library's over another's, a gateway's over the provider's).
Children end before their parents and so are sent first: what was seen is remembered for a while.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind

# Spans remembered in a process; about 10 MB. One trace of an agent has some ten above its calls.
REMEMBERED = 50_000


class Ancestors:
    """Spans known to stand above a call of a model, newest kept."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._seen: OrderedDict[tuple[int, str], None] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def known(self, project_id: UUID, keys: Iterable[str]) -> set[str]:
        project, seen = project_id.int, self._seen
        with self._lock:
            return {key for key in keys if (project, key) in seen} if seen else set()

    def remember(self, project_id: UUID, keys: Iterable[str]) -> None:
        project = project_id.int
        with self._lock:
            for key in keys:
                self._seen[project, key] = None
                self._seen.move_to_end((project, key))
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()


ancestors = Ancestors()


def find_leaves(
    project_id: UUID,
    spans: Sequence[Span],
    kinds: Mapping[str, SpanKind | None],
    memory: Ancestors = ancestors,
) -> list[Span]:
    """The spans of these that are calls of their own. `kinds` by `Span.key`."""
    parents = {span.key: span.parent_key for span in spans}
    models = [span for span in spans if kinds[span.key] is SpanKind.MODEL]
    known = memory.known(project_id, parents)
    above = _above([*(span.key for span in models), *known], parents)
    memory.remember(project_id, above)
    return [span for span in models if span.key not in above and span.key not in known]


def _above(keys: Iterable[str], parents: Mapping[str, str | None]) -> set[str]:
    """All that stands above these, each visited once however the parents are linked."""
    above: set[str] = set()
    for key in keys:
        parent = parents.get(key)
        while parent is not None and parent not in above:
            above.add(parent)
            parent = parents.get(parent)
    return above
