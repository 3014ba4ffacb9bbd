"""Which optimizations go when there are more than `max_optimizations`."""

from __future__ import annotations

from collections.abc import Collection

from optimizations.engine.domain.optimization import OptimizationState

# What has ended goes first, then what has not begun.
ORDER = {"retired": 0, "rejected": 1, "candidate": 2, "trial": 3, "suspended": 3}
LAST = 4


def states_to_evict(states: Collection[OptimizationState], most: int) -> list[str]:
    """Ids of what is over `most`, the least proven first; never what is active, pinned, blocked."""
    extra = len(states) - most
    if extra <= 0:
        return []
    loose = [s for s in states if s.status != "active" and not s.pinned and not s.blocked]
    loose.sort(key=lambda s: (ORDER.get(s.status, LAST), s.lift[1] * s.n_treated, s.id))
    return [state.id for state in loose[:extra]]
