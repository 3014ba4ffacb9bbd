from typing import Any

from optimizations.engine.domain.lifecycle import Status
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.review.eviction import states_to_evict


def state(name: str, status: Status, **more: Any) -> OptimizationState:
    return OptimizationState(name, "route_model", "chat", "m", {}, status=status, **more)


def test_what_has_ended_goes_before_what_has_not_begun() -> None:
    states = [state("trial", "trial"), state("waits", "candidate"), state("old", "retired")]
    assert states_to_evict(states, 1) == ["old", "waits"]


def test_what_is_active_pinned_or_blocked_stays() -> None:
    states = [
        state("a", "active"),
        state("b", "rejected", pinned=True),
        state("c", "retired", blocked=True),
    ]
    assert states_to_evict(states, 0) == []
