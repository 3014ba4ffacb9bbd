"""Advice to people besides the optimizations: a sentence and the figures behind it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json
from optimizations.engine.domain.trial_scope import Scope, ScopeKey

ENOUGH = 1000  # requests of a scope before "nothing to gain" is said


class Finding(msgspec.Struct, frozen=True):
    """Advice without automatic action, in words: what, where, and the figures behind it."""

    code: str  # nothing_to_gain | needs_more | heavy_tail | volatile_prefix
    text: str
    pattern_id: str = ""
    figures: dict[str, Json] = msgspec.field(default_factory=dict)


def find_advice(
    scopes: Mapping[ScopeKey, Scope],
    states: Collection[OptimizationState],
    cards: Cards,
    settings: PolicySettings,
) -> list[Finding]:
    """Scopes with nothing to gain, then advice from measurements, then trials that need more."""
    return [
        *_nothing_to_gain(scopes, states),
        *_measured(scopes, cards, settings),
        *_needs_more(states),
    ]


def _nothing_to_gain(
    scopes: Mapping[ScopeKey, Scope], states: Collection[OptimizationState]
) -> list[Finding]:
    found = []
    for key, scope in sorted(scopes.items()):
        mine = [s for s in states if (s.kind, s.task_type, s.base) == key]
        if mine and scope.requests >= ENOUGH and all(s.status == "rejected" for s in mine):
            text = f"Nothing to gain here: {len(mine)} changes were tried, none helped."
            found.append(Finding("nothing_to_gain", text, "", {"scope": list(key)}))
    return found


def _measured(
    scopes: Mapping[ScopeKey, Scope], cards: Cards, settings: PolicySettings
) -> list[Finding]:
    found = []
    for scope in scopes.values():
        advice = scope.notes.advice(cards.get(scope.model_id), settings) if scope.notes else None
        if advice is not None:
            where: dict[str, Json] = {"task_type": scope.task_type, "model_id": scope.model_id}
            found.append(Finding(advice.code, advice.text, "", where | advice.figures))
    return found


def _needs_more(states: Collection[OptimizationState]) -> list[Finding]:
    found = []
    for state in states:
        if state.status == "trial" and state.needs_more:
            text = f"Needs about {state.needs_more} more interactions."
            figures: dict[str, Json] = {"optimization_id": state.id, "more": state.needs_more}
            found.append(Finding("needs_more", text, state.pattern_id, figures))
    return found
