"""Follows patterns that are pruned, that live on under other ids, or in several parts."""

from __future__ import annotations

from collections.abc import Iterable

from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState


def list_patterns(states: Iterable[OptimizationState]) -> set[str]:
    """The patterns these optimizations are for, or do something else on."""
    return {
        name
        for state in states
        for name in (state.pattern_id, *state.patterns, *state.choice)
        if name
    }


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
        steps.append(state.go("retired", "pattern_gone", "Its patterns were pruned.", now))
    return steps


def divide_pattern(
    states: Iterable[OptimizationState], whole: str, parts: Iterable[str]
) -> list[str]:
    """What holds for a pattern holds for each of its parts; returns the ids of optimizations it changed."""
    touched, names = [], tuple(parts)
    for state in states:
        if whole in state.patterns:
            state.patterns = tuple(dict.fromkeys([*state.patterns, *names]))
        if whole in state.choice:
            state.choice |= dict.fromkeys(names, state.choice[whole])
        if whole in (*state.patterns, *state.choice):
            touched.append(state.id)
    return touched


def redirect_patterns(states: Iterable[OptimizationState], redirects: dict[str, str]) -> list[str]:
    """Patterns live on under other ids, {old: new}; returns the ids of optimizations it changed."""
    touched = []
    for state in states:
        if not redirects.keys().isdisjoint(list_patterns([state])):
            state.pattern_id = redirects.get(state.pattern_id, state.pattern_id)
            state.patterns = tuple(dict.fromkeys(redirects.get(p, p) for p in state.patterns))
            state.choice = {redirects.get(p, p): value for p, value in state.choice.items()}
            touched.append(state.id)
    return touched
