"""Which patterns are like a pattern."""

from __future__ import annotations

from collections.abc import Iterable

from patterns.engine.pattern.pattern_state import PatternState


def rank_related(state: PatternState, others: Iterable[PatternState]) -> list[tuple[str, float]]:
    """(id, share of anchors and slots in common: above 0, at most 1), the most alike first."""
    own = _collect_marks(state)
    scored = []
    for other in others:
        theirs = _collect_marks(other)
        shared = len(own & theirs) / max(1, len(own | theirs))
        if other.id != state.id and shared > 0:
            scored.append((other.id, round(shared, 4)))
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def _collect_marks(state: PatternState) -> frozenset[int | str]:
    return frozenset([*state.skeleton.anchors, *state.sketches])
