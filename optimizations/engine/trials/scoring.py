"""Scores outcomes, and feeds the scores to the tests of the trials they compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from optimizations.engine.domain.call_price import price_call
from optimizations.engine.domain.outcome import CLIP, Outcome, ratio
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, Draw, Task
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.kinds import KINDS
from optimizations.engine.statistics.effect_scores import aipw
from optimizations.engine.trials.trial import Trial


def resolve_cost(outcome: Outcome, cards: Cards) -> float | None:
    """What it cost: as reported, else from the prices; None when unpriced."""
    if outcome.cost is not None:
        return outcome.cost
    card = cards.get(outcome.model_id)
    prices = card.prices if card else None
    return price_call(prices, outcome.usage) if prices else None


class Reading(msgspec.Struct, frozen=True):
    """One judged outcome in the units of a scope."""

    pattern: str
    quality: float
    second: float | None
    cost: float  # relative to the incumbent's mean
    time: float
    at: float  # seconds since the epoch


def read_outcome(
    scope: Scope, outcome: Outcome, pattern: str, cost: float | None, value: str = CONTROL
) -> Reading | None:
    """The outcome as it counts here; None while nobody judged it.

    A failed call counts as dear and as slow as `value` usually is: a failure that came at once and
    cost nothing is neither cheap nor fast.
    """
    quality = outcome.quality
    if quality is None:
        return None
    quality = min(1.0, max(0.0, quality))
    if outcome.failed:
        _, relative, time = scope.mean(value, pattern)
    else:
        relative = ratio(cost, scope.reference.cost)
        time = ratio(outcome.duration, scope.reference.duration)
    return Reading(pattern, quality, outcome.second_signal, relative, time, outcome.at)


def trace_draws(outcome: Outcome, cards: Cards) -> Iterator[tuple[str, str, Task, Draw | None]]:
    """Each scope that an outcome informs: kind, base, the task as that kind saw it, and the draw."""
    decision, task = outcome.decision, outcome.task
    drawn = {d.kind: d for d in decision.draws} if decision else {}
    if decision is not None:
        task = msgspec.structs.replace(
            task, model_id=decision.model_before, parameters=decision.parameters_before
        )
    else:
        task = msgspec.structs.replace(task, model_id=outcome.model_id)
    for kind in KINDS.values():
        draw = drawn.get(kind.name)
        base = draw.base if draw else kind.base(task, cards)
        if base is not None:
            yield kind.name, base, task, draw
        if draw is not None and draw.chosen and kind.name == "route_model":
            task = msgspec.structs.replace(task, model_id=outcome.model_id)


class Comparison(msgspec.Struct, frozen=True):
    """One request as a comparison of `value` with control."""

    value: str
    treated: bool
    propensity: float


def compare_with_control(
    draw: Draw, pattern: str, trials: Iterable[Trial]
) -> Iterator[tuple[Trial, Comparison]]:
    """The optimizations that this draw compares with control.

    One is compared wherever the value it would serve here was drawn with a known chance,
    whichever arm drew it. What it would serve was fixed before this outcome came, so each score is
    unbiased for what it would do now.
    """
    untouched, served = draw.chance(CONTROL), draw.value
    for trial in trials:
        value = trial.target(pattern)
        chance = draw.chance(value) if value != CONTROL else 0.0
        if chance > 0 and untouched > 0 and served in (CONTROL, value):
            yield trial, Comparison(value, served == value, chance / (chance + untouched))


def score_trials(
    scope: Scope,
    draw: Draw,
    reading: Reading,
    trials: Iterable[Trial],
    settings: PolicySettings,
) -> list[Trial]:
    """Scores every trial that this draw compares with control; returns those trials."""
    scored = []
    for trial, compared in compare_with_control(draw, reading.pattern, trials):
        score_trial(scope, trial, reading, compared, settings)
        scored.append(trial)
    return scored


def score_second_signal(
    scope: Scope, draw: Draw, reading: Reading, trials: Iterable[Trial]
) -> None:
    """Scores the second signal of an outcome, when it came later than the first."""
    for trial, compared in compare_with_control(draw, reading.pattern, trials):
        means = (
            scope.mean(CONTROL, reading.pattern)[0],
            scope.mean(compared.value, reading.pattern)[0],
        )
        score = aipw(compared.treated, reading.second or 0.0, compared.propensity, means)
        trial.tests.update_second(score, reading.pattern)


def score_trial(
    scope: Scope, trial: Trial, reading: Reading, compared: Comparison, settings: PolicySettings
) -> None:
    treated, propensity = compared.treated, compared.propensity
    q0, c0, t0 = scope.mean(CONTROL, reading.pattern)
    q1, c1, t1 = scope.mean(compared.value, reading.pattern)
    quality = aipw(treated, reading.quality, propensity, (q0, q1))
    wc, wt = settings.cost_weight, settings.duration_weight
    u = reading.quality - wc * reading.cost - wt * reading.time
    means = (q0 - wc * c0 - wt * t0, q1 - wc * c1 - wt * t1)
    utility = aipw(treated, u, propensity, means, (-(wc + wt) * CLIP, 1.0))
    trial.tests.update(quality, utility, treated, reading.pattern)
    trial.tests.judged.add(treated, propensity)
    if reading.second is not None:
        second = aipw(treated, reading.second, propensity, (q0, q1))
        trial.tests.update_second(second, reading.pattern)
    if trial.state.status == "active":
        trial.tests.months.add(reading.at, quality, utility, treated)
        trial.tests.watch.update(quality, utility, settings.quality_margin)
        if treated:
            alarmed = trial.tests.suspicion is not None
            trial.tests.watch.falls.update(reading.quality, q0, alarmed=alarmed)
