"""Patterns in a dictionary, lost when the process ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from featurememory.errors import not_found
from patterns.criteria import PatternCriteria
from patterns.engine.pattern.pattern_state import PatternState
from patterns.storage.protocol import NO_USES, apply_changes
from patterns.storage.rows import to_datetime


class InMemoryPatternStorage:
    """The same as DatabasePatternStorage, in a dictionary, for tests and trials."""

    def __init__(self) -> None:
        self._states: dict[str, PatternState] = {}
        self._uses: dict[str, int] = {}

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        for state in states:
            fresh = PatternState.from_bytes(state.to_bytes())
            if known := self._states.get(state.id):
                fresh.label, fresh.pinned = known.label, known.pinned
            self._states[state.id] = fresh
        for pattern_id, count in uses.items():
            self._uses[pattern_id] = self._uses.get(pattern_id, 0) + count

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        name, down = criteria.sort.lstrip("-"), criteria.sort.startswith("-")
        found = sorted(
            (s for s in self._states.values() if criteria.accepts(s)), key=lambda s: s.id
        )
        return sorted(found, key=lambda s: getattr(s, name, None) or 0, reverse=down)

    def get(self, pattern_id: str) -> PatternState:
        if pattern_id not in self._states:
            raise not_found("pattern")
        return PatternState.from_bytes(self._states[pattern_id].to_bytes())

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        state = apply_changes(self.get(pattern_id), changes)
        self._states[pattern_id] = state
        return state

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        weak = [
            state.id
            for state in self._states.values()
            if not state.pinned
            and state.confidence < threshold
            and to_datetime(state.last_used) < unused_since
        ]
        for pattern_id in weak:
            del self._states[pattern_id]
        return weak
