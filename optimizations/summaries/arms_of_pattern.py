"""One pattern with memory and without: its newest calls, by what memory did with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from featurememory.models import Project
from optimizations.decision_log import log
from patterns.models import ModelInteraction
from patterns.statistics.series import wilson_interval

NEWEST = 600
APPLIED = ("treatment", "explore")
NAMES = {"memory": "With memory", "holdout": "Held out"}


@dataclass(frozen=True)
class ArmFigures:
    """What the calls of one arm were like; None where no call told it."""

    name: str
    calls: int
    quality: float | None
    interval: tuple[float, float] | None
    p50: float | None
    p95: float | None
    tokens: float | None
    cost: float | None


def compare_arms(project: Project, ids: Sequence[UUID]) -> list[ArmFigures]:
    """Both arms among the newest calls; empty while none was left to chance."""
    rows = ModelInteraction.objects.filter(project=project, pattern_id__in=ids)
    newest = [row for row in rows.order_by("-number")[:NEWEST] if row.decision_id]
    made = log.find_decisions(project.pk, {str(row.decision_id) for row in newest})
    arms: dict[str, list[ModelInteraction]] = {"memory": [], "holdout": []}
    for row in newest:
        decision = made.get(str(row.decision_id))
        if decision is not None and decision.arm:
            arms["memory" if decision.arm in APPLIED else "holdout"].append(row)
    if not all(arms.values()):
        return []
    return [measure_arm(NAMES[name], calls) for name, calls in arms.items()]


def measure_arm(name: str, rows: Sequence[ModelInteraction]) -> ArmFigures:
    quality = [q for row in rows if (q := judge(row)) is not None]
    durations = sorted(row.duration for row in rows if row.duration is not None)
    mean = average(quality)
    return ArmFigures(
        name,
        len(rows),
        mean,
        wilson_interval(mean, len(quality)),
        pick(durations, 0.5),
        pick(durations, 0.95),
        average(count for row in rows if (count := count_tokens(row)) is not None),
        average(row.known_cost for row in rows if row.known_cost is not None),
    )


def judge(row: ModelInteraction) -> float | None:
    if row.score is not None:
        return float(row.score)
    return None if row.success is None else float(row.success)


def count_tokens(row: ModelInteraction) -> float | None:
    known = [n for n in (row.input_tokens, row.output_tokens) if n is not None]
    return sum(known) if known else row.token_count


def average(values: Iterable[Any]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None


def pick(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
