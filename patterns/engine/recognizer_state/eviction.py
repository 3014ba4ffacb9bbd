"""Evict the patterns worth least per byte when there are too many patterns or bytes."""

from __future__ import annotations

from patterns.engine.pattern.retention_value import estimate_worth
from patterns.engine.recognizer_state.pattern_table import Eviction
from patterns.engine.recognizer_state.recognizer_state import RecognizerState

SLACK = 0.05  # share of the patterns evicted at once, so that the search for them is rare


def make_room(memory: RecognizerState, newest: str = "") -> None:
    """Evicts patterns until the limits hold; never a pinned one or the newest (an id)."""
    table, settings = memory.patterns, memory.settings
    limit, budget = settings.max_patterns, settings.max_bytes
    over_count = len(table) > limit
    if not over_count and table.bytes <= budget:
        return
    reason = "max_patterns" if over_count else "max_bytes"
    enough = limit - int(SLACK * limit) if over_count else limit
    for identifier in _rank_by_worth(memory, newest):
        if len(table) <= enough and table.bytes <= budget:
            break
        memory.drop_pattern(identifier)
        table.note_eviction(Eviction(identifier, reason))
    memory.forget_empty_partitions()


def _rank_by_worth(memory: RecognizerState, newest: str) -> list[str]:
    """The ids of all that may go, the least worth per byte first."""
    sizes = memory.patterns.sizes
    ranked = sorted(
        (estimate_worth(state, memory.now) / max(1, sizes[state.id]), state.last_used, state.id)
        for state in memory.patterns
        if not state.pinned and state.id != newest
    )
    return [identifier for _, _, identifier in ranked]
