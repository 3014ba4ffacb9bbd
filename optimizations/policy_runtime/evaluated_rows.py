"""Rows of evaluation sets as the engine's tasks, and which of them it has counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from optimizations.engine.domain.call_price import TokenUsage
from optimizations.engine.domain.evaluated_task import EvaluatedAnswer, EvaluatedTask
from optimizations.model_catalog import PriceList
from optimizations.models import EvaluationTask

STATES = EvaluationTask.EvaluationState
MOST_ODDS = (
    3.0  # a pattern of the traffic that the set hardly has counts at most so many times more
)
CLASSES = TokenUsage.__struct_fields__


def build_tasks(
    rows: Sequence[EvaluationTask], weights: Mapping[str, float], prices: PriceList
) -> list[EvaluatedTask]:
    return [
        EvaluatedTask(
            id=f"evaluation-{row.number}",
            task_type=row.task_type,
            pattern=pattern_of(row),
            weight=weights.get(pattern_of(row), 0.0),
            answers=tuple(build_answer(one, row, prices) for one in row.answers),
        )
        for row in rows
    ]


def pattern_of(row: EvaluationTask) -> str:
    return name_pattern(row.pattern_id)


def name_pattern(pattern_id: UUID | None) -> str:
    """As the engine calls it; "" for none."""
    return str(pattern_id) if pattern_id else ""


def build_answer(given: dict[str, Any], row: EvaluationTask, prices: PriceList) -> EvaluatedAnswer:
    usage = TokenUsage(**{name: given.get(name) for name in CLASSES})
    cost, success = given.get("cost"), given.get("success")
    quality = given.get("score")
    return EvaluatedAnswer(
        model_id=given["model_id"],
        parameters=given.get("parameters") or {},
        quality=float(bool(success)) if quality is None else float(quality),
        success=success if quality is not None else None,
        cost=prices.cost(given["model_id"], row.at, usage) if cost is None else cost,
        duration=given.get("duration"),
    )


def weigh_patterns(held: Counter[str], traffic: Mapping[str, float]) -> dict[str, float]:
    """The weight of a task by its pattern, at most 1: the set counts as the traffic is made up."""
    total = sum(held.values())
    odds = {name: traffic.get(name, 0.0) * total / n for name, n in held.items()}
    top = min(MOST_ODDS, max(odds.values(), default=0.0))
    return {name: min(1.0, one / top) if top > 0 else 0.0 for name, one in odds.items()}


def save_evaluated(numbers: Collection[int]) -> None:
    """Notes what the engine has counted; call it in the transaction that saves the engine."""
    found = sorted(numbers)
    for start in range(0, len(found), 500):
        rows = EvaluationTask.objects.filter(pk__in=found[start : start + 500])
        rows.update(state=STATES.COUNTED)
