"""The life of a cache: proposed, in shadow, active, closed, by its error rate.

Serving begins when bets have ruled out that more than the bound is wrong (2 % for exact repeats,
the project's own bound for near ones), separately for answers seen once and answers already
confirmed by a second run. It ends when they show that more than half of the bound is wrong.
"""

from __future__ import annotations

import math

import msgspec

from optimizations.engine.caching.answer_cache import AnswerCache
from optimizations.engine.caching.cache_statistics import (
    ANY,
    AUDITED,
    GROUPS,
    CacheStatistics,
    cache_id,
    has_level,
)
from optimizations.engine.domain.lifecycle import Status, Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json
from optimizations.engine.kinds import CACHES
from optimizations.engine.kinds.protocol import CacheKind
from optimizations.engine.statistics.error_rate import ErrorRate

ENOUGH = 200  # requests before a cache is proposed
TOGETHER, ALONE = 0.8, 0.1  # three proofs are waited for: what they may stake in all is 1
SWITCHED_OFF = "switched_off"
MOST_NOTED = 1e12  # e-values are noted up to here


def review_caches(
    cache: AnswerCache, states: dict[str, OptimizationState], settings: PolicySettings, now: float
) -> tuple[list[OptimizationState], list[Transition]]:
    """Opens and closes levels; the states that are new or changed, and the steps they took."""
    changed: list[OptimizationState] = []
    steps: list[Transition] = []
    for task_type, seen in cache.grounds.items():
        for kind in CACHES:
            state = states.get(cache_id(kind.name, task_type))
            review = CacheReview(kind, task_type, seen, settings, now)
            reviewed = review.run(state)
            if reviewed is not None:
                changed.append(reviewed)
                steps += review.steps
    return changed, steps


class CacheReview(msgspec.Struct):
    """The review of one kind of cache for one task type."""

    kind: CacheKind
    task_type: str
    seen: CacheStatistics
    settings: PolicySettings
    now: float
    steps: list[Transition] = msgspec.field(default_factory=list)

    @property
    def bound(self) -> float:
        return self.kind.bound(self.settings)

    def run(self, state: OptimizationState | None) -> OptimizationState | None:
        """The state as it is after the review; None where nothing changed."""
        if not self.kind.is_on(self.settings):
            self.seen.close(self.kind.levels)
            return self._switch_off(state)
        if state is None:
            if not self._worth_proposing():
                return None
            state = self._propose()
        off = bool(state.transitions) and state.transitions[-1].reason == SWITCHED_OFF
        if state.blocked or (state.status in ("retired", "rejected", "suspended") and not off):
            self.seen.close(self.kind.levels)
            return None
        if state.status == "candidate" or (off and state.status == "suspended"):
            self._step(state, "shadow", "begun", "Repeats are compared.")
        self._open_proven(state.pinned)
        self._measure(state)
        self._activate_or_close(state)
        return state

    def _worth_proposing(self) -> bool:
        requests, repeats = self.seen.requests, self.seen.repeats_at(self.kind.levels)
        return requests >= ENOUGH and repeats >= self.kind.repeats * requests

    def _propose(self) -> OptimizationState:
        return OptimizationState(
            id=cache_id(self.kind.name, self.task_type),
            kind=self.kind.name,
            task_type=self.task_type,
            base="",
            params={"ttl": self.settings.cache_ttl_s},
            created_at=self.now,
            changed_at=self.now,
            last_used=self.now,
            holdout=AUDITED,
            summary=self.kind.summary,
        )

    def _switch_off(self, state: OptimizationState | None) -> OptimizationState | None:
        if state is None or state.status not in ("candidate", "shadow", "active"):
            return None
        text = "The threshold that allows it was switched off."
        self._step(state, "suspended", SWITCHED_OFF, text)
        return state

    def _open_proven(self, pinned: bool) -> None:
        """Opens the groups whose error rate is proven to be within the bound; pinned: all."""
        levels = self.kind.levels
        names = [f"{level}:{group}" for level in levels for group in GROUPS] if pinned else []
        for name, rate in self.seen.rates_at(levels).items():
            if weigh_proof(name, rate, self.bound) >= self.settings.activate_at:
                level, _, group = name.partition(":")
                names += [f"{level}:{one}" for one in (GROUPS if group == ANY else (group,))]
        self.seen.allow(names)

    def _measure(self, state: OptimizationState) -> None:
        """Brings the figures of the state up to date: e-values, counts, guards."""
        bound, rates = self.bound, self.seen.rates_at(self.kind.levels)
        proofs = {name: weigh_proof(name, rate, bound) for name, rate in rates.items()}
        best = rates[max(proofs, key=proofs.__getitem__)] if rates else ErrorRate()
        state.e_guard = max(proofs.values(), default=1.0)
        state.e_harm = max((rate.above(bound / 2) for rate in rates.values()), default=1.0)
        state.n_treated, state.n_control = best.n, best.n
        missing = max(0.0, math.log(self.settings.activate_at / max(1e-9, state.e_guard)))
        state.needs_more = math.ceil(missing / bound) if missing else 0
        state.guards = {name: [rate.n, rate.wrong] for name, rate in rates.items()}
        if state.status == "active":
            state.effectiveness = 0.75

    def _activate_or_close(self, state: OptimizationState) -> None:
        levels, bound = self.kind.levels, self.bound
        if state.status != "active" and any(has_level(name, levels) for name in self.seen.open):
            text = f"Proven: at most {bound:.0%} of the served answers are wrong."
            self._step(state, "active", "proven", text)
        served = [rate for name, rate in self.seen.served.items() if has_level(name, levels)]
        harm = any(rate.above(bound / 2) >= self.settings.activate_at for rate in served)
        if state.status == "active" and harm and not state.pinned:
            self.seen.close(levels)
            text = "Closed: more of the served answers were wrong than allowed."
            self._step(state, "suspended", "harm", text)

    def _step(self, state: OptimizationState, target: Status, reason: str, text: str) -> None:
        e_guard = min(MOST_NOTED, state.e_guard)
        evidence: dict[str, Json] = {"e_guard": e_guard, "n": state.n_treated}
        self.steps.append(state.go(target, reason, text, self.now, evidence))


def weigh_proof(name: str, rate: ErrorRate, bound: float) -> float:
    """The e-value of one of the proofs that open a level: its part of the common stake."""
    return rate.below(bound) * (TOGETHER if name.endswith(f":{ANY}") else ALONE)
