"""A cache of pattern states in front of another storage."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from patterns.criteria import PatternCriteria
from patterns.engine.pattern.pattern_state import PatternState
from patterns.storage.protocol import NO_USES, PatternStorage


class CachedPatternStorage:
    """Least recently used states in front of another storage, at most `size`; counts its hits."""

    def __init__(self, storage: PatternStorage, size: int = 1000) -> None:
        self.storage, self.size = storage, size
        self.hits = self.misses = 0
        self._kept: OrderedDict[str, PatternState] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, state: PatternState) -> PatternState:
        self._kept[state.id] = state
        self._kept.move_to_end(state.id)
        while len(self._kept) > self.size:
            self._kept.popitem(last=False)
        return state

    def get(self, pattern_id: str) -> PatternState:
        if pattern_id in self._kept:
            self.hits += 1
            return self._keep(self._kept[pattern_id])
        self.misses += 1
        return self._keep(self.storage.get(pattern_id))

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        stored = list(states)
        self.storage.store(stored, uses)
        self.forget(state.id for state in stored)

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        return self.storage.retrieve(criteria)

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        return self._keep(self.storage.update(pattern_id, **changes))

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        taken = self.storage.cleanup(threshold, unused_since)
        self.forget(taken)
        return taken

    def forget(self, ids: Iterable[str]) -> None:
        """Drop states that were changed without this cache."""
        for pattern_id in ids:
            self._kept.pop(pattern_id, None)
