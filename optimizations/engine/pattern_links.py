"""Follows patterns that are pruned, or that live on under other ids."""

from __future__ import annotations

from collections.abc import Iterable

from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState


def retire_pruned(
    states: Iterable[OptimizationState], gone: set[str], now: float
) -> list[Transition]:
    """Retires what is only for patterns that were pruned; adaptive ones go on."""
    steps = []
    for state in states:
        tied = set(state.patterns)
        over = state.status in ("retired", "rejected")
        if state.adaptive or over or not tied or not tied <= gone:
            continue
        text = "Its patterns were pruned."
        step = Transition(state.id, state.status, "retired", "pattern_gone", text, now)
        state.status, state.changed_at = "retired", now
        state.transitions.append(step)
        steps.append(step)
    return steps


def redirect_patterns(states: Iterable[OptimizationState], redirects: dict[str, str]) -> list[str]:
    """Patterns live on under other ids, {old: new}; returns the ids of optimizations it changed."""
    touched = []
    for state in states:
        if any(p in redirects for p in (*state.patterns, *state.choice)):
            state.patterns = tuple(dict.fromkeys(redirects.get(p, p) for p in state.patterns))
            state.choice = {redirects.get(p, p): value for p, value in state.choice.items()}
            touched.append(state.id)
    return touched
