"""The life of a cache: proposed, in shadow, active, switched off, by its error rate."""

from __future__ import annotations

import math

from optimizations.engine.caching.cache_statistics import ANY, AUDITED, CacheStatistics, cache_id
from optimizations.engine.domain.lifecycle import Status, Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json
from optimizations.engine.kinds.protocol import CacheKind
from optimizations.engine.statistics.error_rate import ErrorRate

ENOUGH = 200  # requests before a cache is proposed
TOGETHER, ALONE = 0.8, 0.1  # three proofs are waited for: what they may stake in all is 1


def proof(name: str, rate: ErrorRate, bound: float) -> float:
    """The e-value of one of the proofs that open a level: its part of the common stake."""
    return rate.below(bound) * (TOGETHER if name.endswith(f":{ANY}") else ALONE)


def _of(name: str, levels: list[str]) -> bool:
    return name.partition(":")[0] in levels


OFF = "switched_off"


def _switched_off(
    state: OptimizationState | None, now: float
) -> tuple[OptimizationState, list[Transition]] | None:
    if state is None or state.status not in ("candidate", "shadow", "active"):
        return None
    text = "The threshold that allows it was switched off."
    return state, [step(state, "suspended", OFF, text, now)]


def _proposed(
    kind: CacheKind, task_type: str, settings: PolicySettings, now: float
) -> OptimizationState:
    return OptimizationState(
        id=cache_id(kind.name, task_type),
        kind=kind.name,
        task_type=task_type,
        base="",
        params={"ttl": settings.cache_ttl_s},
        created_at=now,
        changed_at=now,
        last_used=now,
        holdout=AUDITED,
        summary=kind.summary,
    )


def measure(
    state: OptimizationState,
    ground: CacheStatistics,
    levels: list[str],
    bound: float,
    settings: PolicySettings,
) -> None:
    rates = {name: r for name, r in ground.rates.items() if _of(name, levels)}
    proofs = {name: proof(name, r, bound) for name, r in rates.items()}
    best = rates[max(proofs, key=proofs.__getitem__)] if rates else ErrorRate()
    state.e_guard = max(proofs.values(), default=1.0)
    state.e_harm = max((r.above(bound / 2) for r in rates.values()), default=1.0)
    state.n_treated, state.n_control = best.n, best.n
    missing = max(0.0, math.log(settings.activate_at / max(1e-9, state.e_guard)))
    state.needs_more = math.ceil(missing / bound) if missing else 0
    state.guards = {name: [r.n, r.wrong] for name, r in rates.items()}
    if state.status == "active":
        state.effectiveness = 0.75


def step(
    state: OptimizationState, target: Status, reason: str, text: str, now: float
) -> Transition:
    evidence: dict[str, Json] = {"e_guard": min(1e12, state.e_guard), "n": state.n_treated}
    return state.go(target, reason, text, now, evidence)
