"""From an outcome to evidence: cells, scores, tests."""

from __future__ import annotations

import hashlib
import json
import uuid

import msgspec

from optimizations.engine.evidence import Score, aipw
from optimizations.engine.kind import Params
from optimizations.engine.optimization import OptimizationState
from optimizations.engine.outcomes import CLIP, Outcome, ratio
from optimizations.engine.proof import Proof
from optimizations.engine.scope import Scope, ScopeKey
from optimizations.engine.settings import ModelCard, PolicySettings
from optimizations.engine.task import CONTROL, Draw


def value_of(params: Params) -> str:
    """The change itself, whatever group it is for: the key of its cells."""
    return json.dumps({k: v for k, v in params.items() if k != "fallback"}, sort_keys=True)


def optimization_id(scope: ScopeKey, params: Params, generation: str) -> str:
    """A UUID that follows from its content, so that a replay gives the same ids."""
    text = json.dumps([*scope, value_of(params), generation])
    raw = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=raw, version=8 if hasattr(uuid, "uuid8") else 5))


class Entry(msgspec.Struct):
    """A live optimization beside its running tests."""

    state: OptimizationState
    proof: Proof

    def covers(self, pattern: str) -> bool:
        return not self.state.patterns or pattern in self.state.patterns


def cost_of(outcome: Outcome, cards: dict[str, ModelCard]) -> float | None:
    """What it cost: as reported, else from the prices; None when unpriced."""
    if outcome.cost is not None:
        return outcome.cost
    card = cards.get(outcome.model_id)
    prices = card.prices if card else None
    if prices is None:
        return None
    tokens = (outcome.input_tokens or 0) * (prices.input_per_1m or 0)
    tokens += (outcome.output_tokens or 0) * (prices.output_per_1m or 0)
    return tokens / 1e6 + (prices.per_call or 0)


class Reading(msgspec.Struct, frozen=True):
    """One judged outcome in the units of a scope."""

    pattern: str
    quality: float
    second: float | None
    cost: float  # relative to the incumbent's mean
    time: float


def read(scope: Scope, outcome: Outcome, pattern: str, cost: float | None) -> Reading | None:
    quality = outcome.quality
    if quality is None:
        return None
    quality = min(1.0, max(0.0, quality))
    relative = ratio(cost, scope.reference.cost)
    time = ratio(outcome.duration, scope.reference.duration)
    return Reading(pattern, quality, outcome.second_signal, relative, time)


def learn_effects(
    scope: Scope,
    draw: Draw,
    reading: Reading,
    entries: dict[str, Entry],
    settings: PolicySettings,
) -> list[Entry]:
    """Scores every optimization that this draw compares with control; who was scored."""
    arms = [CONTROL, draw.chosen] if draw.chosen else list(draw.arms)
    scored = []
    for arm in arms:
        entry = entries.get(arm)
        if entry is None or not entry.covers(reading.pattern):
            continue
        share = draw.probability(arm) + draw.probability(CONTROL)
        if draw.probability(CONTROL) <= 0:
            continue
        score_one(
            scope, entry, reading, draw.chosen == arm, draw.probability(arm) / share, settings
        )
        scored.append(entry)
    return scored


def learn_second(scope: Scope, draw: Draw, reading: Reading, entries: dict[str, Entry]) -> None:
    """The second signal of an outcome that came later than its first."""
    arms = [CONTROL, draw.chosen] if draw.chosen else list(draw.arms)
    for arm in arms:
        entry = entries.get(arm)
        both = draw.probability(arm) + draw.probability(CONTROL)
        if entry is None or not entry.covers(reading.pattern) or draw.probability(CONTROL) <= 0:
            continue
        means = (
            scope.mean(CONTROL, reading.pattern)[0],
            scope.mean(value_of(entry.state.params), reading.pattern)[0],
        )
        share = draw.probability(arm) / both
        _second(entry, aipw(draw.chosen == arm, reading.second or 0.0, share, means))


def score_one(
    scope: Scope,
    entry: Entry,
    reading: Reading,
    treated: bool,
    propensity: float,
    settings: PolicySettings,
) -> None:
    value = value_of(entry.state.params)
    q0, c0, t0 = scope.mean(CONTROL, reading.pattern)
    q1, c1, t1 = scope.mean(value, reading.pattern)
    quality = aipw(treated, reading.quality, propensity, (q0, q1))
    wc, wt = settings.cost_weight, settings.duration_weight
    u = reading.quality - wc * reading.cost - wt * reading.time
    means = (q0 - wc * c0 - wt * t0, q1 - wc * c1 - wt * t1)
    utility = aipw(treated, u, propensity, means, (-(wc + wt) * CLIP, 1.0))
    entry.proof.update(quality, utility, treated)
    if reading.second is not None:
        _second(entry, aipw(treated, reading.second, propensity, (q0, q1)))
    if entry.state.status == "active":
        entry.proof.watch.update(quality, utility, settings.quality_margin)
        if treated:
            entry.proof.watch.falls.update(reading.quality)


def _second(entry: Entry, score: Score) -> None:
    entry.proof.second.update(score.value, score.low, score.high)
