"""Counts evaluation sets in the background, some dozens of tasks at a time.

A set waits until its task type has traffic and something to compare. All of its tasks are matched
first, as any task is, so that their weights can follow the traffic.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count

from featurememory.database.write_lock import write_turn
from optimizations.decision_log.packed_json import read_json
from optimizations.model_catalog import PriceList
from optimizations.models import EvaluationTask
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.evaluated_rows import (
    STATES,
    build_tasks,
    name_pattern,
    weigh_patterns,
)
from optimizations.policy_runtime.policy_cache import policies
from patterns.engine.domain.observation import Observation
from patterns.recognition.recognizer_cache import recognizers

MATCHED, COUNTED = 100, 50  # tasks at once: callers wait for a lock as long as that takes


def find_due_projects() -> list[UUID]:
    rows = EvaluationTask.objects.filter(state__lt=STATES.COUNTED).order_by()
    return list(rows.values_list("project_id", flat=True).distinct())


def count_next(project_id: UUID) -> int:
    """Matches or counts the next tasks of one task type that is ready; how many."""
    for task_type in find_ready(project_id):
        rows = EvaluationTask.objects.filter(project_id=project_id, task_type=task_type)
        fresh = list(rows.filter(state=STATES.NEW).order_by("number")[:MATCHED])
        if fresh:
            return match_tasks(project_id, fresh)
        waiting = list(rows.filter(state=STATES.MATCHED).order_by("digest")[:COUNTED])
        if waiting:
            return count_tasks(project_id, task_type, waiting)
    return 0


def find_ready(project_id: UUID) -> list[str]:
    """Task types with tasks to count, of which there is traffic and something to compare."""
    rows = EvaluationTask.objects.filter(project_id=project_id, state__lt=STATES.COUNTED)
    kept = policies.for_deciding(project_id)
    found = rows.order_by().values_list("task_type", flat=True).distinct()
    with kept.lock:
        return [name for name in found if kept.engine.knows_scope(name)]


def match_tasks(project_id: UUID, rows: Sequence[EvaluationTask]) -> int:
    found: dict[UUID | None, list[int]] = {}
    for row in rows:
        found.setdefault(match_task(project_id, row), []).append(row.pk)
    with write_turn():
        for pattern_id, numbers in found.items():
            matched = EvaluationTask.objects.filter(pk__in=numbers)
            matched.update(pattern_id=pattern_id, state=STATES.MATCHED)
    return len(rows)


def match_task(project_id: UUID, row: EvaluationTask) -> UUID | None:
    observation = observe_task(row)
    kept = recognizers.for_reading(project_id)
    with kept.lock:
        match = kept.recognizer.match_one(observation)
    return UUID(match.pattern_id) if match else None


def observe_task(row: EvaluationTask) -> Observation:
    """A task as the recogniser would see it in the traffic."""
    answers = row.answers
    return Observation(
        id="",
        input=read_json(row.data).get("input"),
        timestamp=time.time(),
        parameters={},
        model_id=answers[0]["model_id"] if answers else "",
        task_type=row.task_type,
    )


def count_tasks(project_id: UUID, task_type: str, rows: Sequence[EvaluationTask]) -> int:
    """Shows the engine some tasks and reviews, so that the next bets are on the newest choice."""
    everything = EvaluationTask.objects.filter(project_id=project_id, task_type=task_type)
    counts = everything.order_by().values_list("pattern_id").annotate(n=Count("pk"))
    held = Counter({name_pattern(name): n for name, n in counts})
    prices = PriceList.of(project_id)
    with policies.changing(project_id) as kept:
        with kept.lock:
            weights = weigh_patterns(held, kept.engine.share_traffic(task_type))
            fresh = [row for row in rows if row.number not in kept.evaluated]
            kept.engine.evaluate(build_tasks(fresh, weights, prices))
            kept.engine.review(kept.at)
        kept.evaluated.update(row.number for row in fresh)
        outcomes.save_policy(project_id, kept)
    return len(fresh)
