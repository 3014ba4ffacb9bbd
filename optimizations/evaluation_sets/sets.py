"""Evaluation sets as they are listed: how much of the traffic they cover, and what was counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from featurememory.audit.record import record
from featurememory.database.write_lock import write_turn
from featurememory.errors import not_found
from optimizations.models import EvaluationTask
from patterns.models import Pattern

COUNTED = EvaluationTask.EvaluationState.COUNTED


@dataclass
class EvaluationSet:
    """`coverage` is the share of the traffic of its task types, by pattern, that has tasks here; None
    before its tasks were matched."""

    name: str
    tasks: int = 0
    answers: int = 0
    counted: int = 0
    matched: int = 0
    at: int = 0
    models: Counter[str] = field(default_factory=Counter)
    task_types: set[str] = field(default_factory=set)
    patterns: set[UUID] = field(default_factory=set)
    coverage: float | None = None

    def add(self, row: EvaluationTask) -> None:
        self.tasks += 1
        self.answers += len(row.answers)
        self.counted += row.state == COUNTED
        self.matched += row.state > 0
        self.at = max(self.at, row.at)
        self.models.update({one["model_id"] for one in row.answers})
        self.task_types.add(row.task_type)
        if row.pattern_id:
            self.patterns.add(row.pattern_id)

    def to_json(self) -> dict[str, Any]:
        return {
            "set": self.name,
            "tasks": self.tasks,
            "answers": self.answers,
            "counted": self.counted,
            "models": dict(self.models.most_common(100)),
            "task_types": sorted(self.task_types)[:100],
            "coverage": None if self.coverage is None else round(self.coverage, 4),
        }


def list_sets(project_id: UUID) -> list[EvaluationSet]:
    """Newest first."""
    found: dict[str, EvaluationSet] = {}
    rows = EvaluationTask.objects.filter(project_id=project_id).defer("data", "digest")
    for row in rows.iterator(500):
        found.setdefault(row.set_name, EvaluationSet(row.set_name)).add(row)
    uses = count_uses(project_id, {name for one in found.values() for name in one.task_types})
    for one in found.values():
        one.coverage = measure_coverage(one, uses)
    return sorted(found.values(), key=lambda one: (-one.at, one.name))


def count_uses(project_id: UUID, task_types: set[str]) -> dict[str, dict[UUID, int]]:
    """Uses of each live pattern by task type; those merged into another count for that one."""
    rows = Pattern.objects.filter(project_id=project_id, task_type__in=list(task_types)[:500])
    found: defaultdict[str, dict[UUID, int]] = defaultdict(dict)
    for task_type, name, count in rows.values_list("task_type", "pk", "use_count"):
        found[task_type][name] = count
    return found


def measure_coverage(one: EvaluationSet, uses: dict[str, dict[UUID, int]]) -> float | None:
    counts = {name: n for kind in one.task_types for name, n in uses.get(kind, {}).items()}
    total = sum(counts.values())
    if not one.matched or not total:
        return None
    return sum(n for name, n in counts.items() if name in one.patterns) / total


def delete_set(project_id: UUID, name: str, actor: str) -> int:
    """Deletes a set; what was counted stays evidence. How many tasks that were; 404 for none."""
    with write_turn():
        rows = EvaluationTask.objects.filter(project_id=project_id, set_name=name)
        count = rows.delete()[0]
        if not count:
            raise not_found("evaluation set")
        record(project_id, "evaluations.deleted", name, actor=actor, after={"tasks": count})
    return count
