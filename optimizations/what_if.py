"""The value of a change had it been applied to every task, from the log of decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from featurememory.templatetags.figures import number, points
from optimizations.decision_log import log as decision_log_log
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.outcome import Outcome, Reference, ratio, utility
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, Draw
from optimizations.engine.statistics.off_policy import (
    Estimate,
    LoggedRequest,
    compare_policies,
    evaluate_policy,
    predict_values,
)
from optimizations.model_catalog import PriceList
from optimizations.models import Decision
from optimizations.policy_runtime.outcome_rows import build_outcome, load_verdicts
from optimizations.policy_runtime.policy_cache import load_settings, policies
from patterns.models import ModelInteraction

MOST = 5000  # newest decisions that are read: about a second


@dataclass(frozen=True)
class Question:
    """A change of this kind for all tasks of a task type, or only in some patterns; the rest is
    left alone. `base` is what it departs from; None: what most of the tasks ask for."""

    kind: str
    params: dict[str, Any]
    task_type: str
    base: str | None = None
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True)
class WhatIf:
    """Per measure the value under the change, and its difference to leaving everything alone."""

    question: Question
    value: dict[str, Estimate] = field(default_factory=dict)
    difference: dict[str, Estimate] = field(default_factory=dict)

    @property
    def estimate(self) -> Estimate:
        return self.difference["utility"]


@dataclass(frozen=True)
class DecidedOutcome:
    """One decision whose outcome is known: the draw that concerns the question, and the outcome."""

    draw: Draw
    pattern: str
    outcome: Outcome


def what_if(project_id: UUID, question: Question, most: int = MOST) -> WhatIf:
    rows = load_decided(project_id, question, most)
    base = question.base
    if base is None and rows:
        base = Counter(row.draw.base for row in rows).most_common(1)[0][0]
    rows = [row for row in rows if row.draw.base == base]
    names = name_arms(project_id, question, base)
    asked = Question(question.kind, question.params, question.task_type, base, question.patterns)
    wish = value_key(question.params)

    def chosen(pattern: str) -> str:
        return wish if not question.patterns or pattern in question.patterns else CONTROL

    value, difference = {}, {}
    for measure, read in build_readings(rows, load_settings(project_id)).items():
        log = predict_values(build_log(rows, names, read))
        value[measure] = evaluate_policy(log, chosen)
        difference[measure] = compare_policies(log, chosen, lambda _: CONTROL)
    return WhatIf(asked, value, difference)


def load_decided(project_id: UUID, question: Question, most: int) -> list[DecidedOutcome]:
    """Oldest first. Requests of one session share their arm: only the first one counts."""
    decision_log_log.catch_up()
    newest = Decision.objects.filter(project_id=project_id, interaction__isnull=False)
    made = list(newest.order_by("-number")[:most])[::-1]
    found, units = [], set()
    for row in made:
        entry = decision_log_log.decode_record(row)
        decision, task = entry.decision, entry.request.task
        draw = next((d for d in decision.draws if d.kind == question.kind), None)
        unit = decision.unit_digest if task.session_id else decision.id
        if draw is None or task.task_type != question.task_type or unit in units:
            continue
        units.add(unit)
        found.append((row.interaction or 0, draw, decision.pattern_id or ""))
    ends = load_known_outcomes(project_id, [number for number, _, _ in found])
    return [
        DecidedOutcome(draw, pattern, ends[name]) for name, draw, pattern in found if name in ends
    ]


def load_known_outcomes(project_id: UUID, numbers: Sequence[int]) -> dict[int, Outcome]:
    """The outcomes by the numbers of their interactions, where their quality is known."""
    prices = PriceList.of(project_id)
    found: dict[int, Outcome] = {}
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        served = ModelInteraction.objects.filter(project_id=project_id, pk__in=some)
        interactions = list(served)
        words = load_verdicts(project_id, interactions)
        for row in interactions:
            outcome = build_outcome(row, None, None, prices, words.get(row.number))
            if outcome.quality is not None:
                found[row.number] = outcome
    return found


def name_arms(project_id: UUID, question: Question, base: str | None) -> dict[str, str]:
    """Optimization id → value key: the same change may have been tried several times."""
    kept = policies.for_deciding(project_id)
    with kept.lock:
        states = list(kept.engine.optimizations.values())
    scope = (question.kind, question.task_type, base)
    found = {s.id: value_key(s.params) for s in states if (s.kind, s.task_type, s.base) == scope}
    return {CONTROL: CONTROL, **found}


def build_log(
    rows: Sequence[DecidedOutcome], names: dict[str, str], read: Callable[[Outcome], float]
) -> list[LoggedRequest]:
    """The log in terms of changes. Arms that make the same change are one arm."""
    found = []
    for row in rows:
        draw = row.draw
        chances: dict[str, float] = {}
        values = draw.values or tuple(names.get(arm, arm) for arm in draw.arms)
        for value, chance in zip(values, draw.probabilities, strict=True):
            chances[value] = chances.get(value, 0.0) + chance
        chosen = values[draw.arms.index(draw.chosen)]
        arms, shares = tuple(chances), tuple(chances.values())
        found.append(LoggedRequest(row.pattern, arms, shares, chosen, read(row.outcome)))
    return found


def build_readings(
    rows: Sequence[DecidedOutcome], settings: PolicySettings
) -> dict[str, Callable[[Outcome], float]]:
    """How each measure is read from an outcome. Cost in units of what control requests cost."""
    control = [row.outcome for row in rows if not row.draw.chosen and not row.outcome.failed]
    reference = Reference(
        mean_known([one.cost for one in control]), mean_known([one.duration for one in control])
    )
    return {
        "utility": lambda one: utility(one.quality or 0.0, one, reference, settings),
        "quality": lambda one: one.quality or 0.0,
        "cost": lambda one: ratio(one.cost, reference.cost),
    }


def mean_known(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def ask_for_optimization(project_id: UUID, state: OptimizationState, most: int = MOST) -> WhatIf:
    """The value of an optimization had it been applied to every task it concerns."""
    asked = Question(state.kind, state.params, state.task_type, state.base, state.patterns)
    return what_if(project_id, asked, most)


def describe_answer(found: WhatIf) -> str:
    """The answer in words, or why there is none."""
    gain, quality = found.difference["utility"], found.difference["quality"]
    if gain.refused or gain.value is None or gain.low is None or gain.high is None:
        return gain.refused
    text = (
        f"Applied to all of these tasks it would have been {points(gain.value)} of utility against "
        f"leaving them alone, 95% interval {points(gain.low)} to {points(gain.high)}"
    )
    if gain.low <= 0 <= gain.high:
        text = f"No measurable difference: {points(gain.low)} to {points(gain.high)} of utility"
    return (
        f"{text}; quality {points(quality.value)}. Based on {number(gain.n)} logged requests "
        f"(effective sample size {number(round(gain.effective_n))})."
    )
