"""From an evaluated task to pairs: each alternative's answer beside the incumbent's."""

from __future__ import annotations

from collections.abc import Iterator

from optimizations.engine.domain.evaluated_task import EvaluatedAnswer, EvaluatedTask
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.outcome import ratio
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Request
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.kinds import KINDS
from optimizations.engine.trials.pair_learning import PairReading, bet_on_pair, learn_pair
from optimizations.engine.trials.trial import Trial

COMPARED = ("route_model", "tune_parameters")  # kinds whose changes an evaluation set can hold


def learn_evaluated(
    task: EvaluatedTask,
    scope: Scope,
    trials: list[Trial],
    cards: Cards,
    settings: PolicySettings,
    reach: dict[str, float],
) -> list[Trial]:
    """Learns all pairs of a task in one scope; returns the trials that were bet on. `reach` is the
    share of the traffic that each optimization would serve, by its id."""
    bet = []
    served: dict[str, list[Trial]] = {}
    for trial in trials:
        served.setdefault(trial.target(task.pattern), []).append(trial)
    for value, pair in read_pairs(task, scope, trials, cards, settings):
        learn_pair(scope, pair)
        for trial in served.get(value, ()):
            if task.weight > 0:
                name = f"{task.id}:{value}"
                bet_on_pair(trial, name, pair, task.weight, settings, reach[trial.state.id])
                if trial.tests.pairs is not None:
                    trial.tests.pairs.evaluated += 1
                bet.append(trial)
    return bet


def read_pairs(
    task: EvaluatedTask, scope: Scope, trials: list[Trial], cards: Cards, settings: PolicySettings
) -> Iterator[tuple[str, PairReading]]:
    base = scope.example
    own = task.find(base.model_id, base.parameters)
    if own is None:
        return
    request = Request(task.id, base, 0.0)
    for trial in trials:
        params = trial.state.params
        if trial.state.tailored:
            continue
        after = KINDS[scope.kind].apply(request, base, params, cards)
        other = task.find(after.model_id, after.parameters) if after is not None else None
        if other is not None:
            value = value_key(params)
            yield value, compare(task, scope, (own, other), value, settings)


def compare(
    task: EvaluatedTask,
    scope: Scope,
    answers: tuple[EvaluatedAnswer, EvaluatedAnswer],
    value: str,
    settings: PolicySettings,
) -> PairReading:
    own, other = answers
    costs = [ratio(a.cost, scope.reference.cost) for a in answers]
    if own.cost is None or other.cost is None:
        costs = [1.0, 1.0]
    times = [ratio(a.duration, scope.reference.duration) for a in answers]
    if own.duration is None or other.duration is None:
        times = [1.0, 1.0]
    saved = settings.cost_weight * (costs[0] - costs[1])
    saved += settings.duration_weight * (times[0] - times[1])
    second = None
    if own.success is not None and other.success is not None:
        second = float(other.success) - float(own.success)
    difference = other.quality - own.quality
    return PairReading(task.pattern, value, difference, second, False, saved, costs[1], times[1])


def may_learn(scope: Scope, task: EvaluatedTask) -> bool:
    return scope.kind in COMPARED and scope.task_type == task.task_type
