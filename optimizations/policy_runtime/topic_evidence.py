"""What evaluation sets tell of the topics of patterns: their texts, and how the alternatives did on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from django.db.models import Max

from optimizations.engine.domain.evaluated_task import EvaluatedTask
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.task import Task
from optimizations.model_catalog import PriceList
from optimizations.models import EvaluationTask
from optimizations.policy_runtime.evaluated_rows import STATES, build_tasks
from optimizations.policy_runtime.evaluations import observe_task
from optimizations.policy_runtime.policy_cache import policies
from patterns.engine.topics.learn_topics import FEWEST_TEXTS, MOST_TEXTS, Values
from patterns.recognition.recognizer_cache import recognizers

MOST_ALTERNATIVES = 50
READ = 200  # rows at once


@dataclass
class TopicEvidence:
    """Of one pattern: its texts, and what each alternative's answer was worth more than the incumbent's."""

    texts: list[str] = field(default_factory=list)
    gains: list[dict[str, float]] = field(default_factory=list)

    def tabulate(self) -> Values:
        """A row for each text, a column for each of the most frequent alternatives; nan: no answer."""
        counts = Counter(name for row in self.gains for name in row)
        names = [name for name, _ in counts.most_common(MOST_ALTERNATIVES)]
        return np.array([[row.get(name, np.nan) for name in names] for row in self.gains])


def find_newest(project_id: UUID, task_type: str) -> int | None:
    """The number of the newest task, once all of this type are matched and some wait to be counted."""
    rows = EvaluationTask.objects.filter(project_id=project_id, task_type=task_type)
    if rows.filter(state=STATES.NEW).exists() or not rows.filter(state=STATES.MATCHED).exists():
        return None
    newest: int | None = rows.aggregate(newest=Max("number"))["newest"]
    return newest


def find_large_patterns(project_id: UUID, task_type: str) -> list[UUID]:
    """Patterns with enough evaluated tasks to learn topics from, the largest first."""
    rows = EvaluationTask.objects.filter(project_id=project_id, task_type=task_type)
    held = Counter(rows.exclude(data=b"").values_list("pattern_id", flat=True).iterator())
    return [name for name, n in held.most_common() if name is not None and n >= FEWEST_TEXTS]


def collect_evidence(project_id: UUID, task_type: str, pattern_id: UUID) -> TopicEvidence:
    """From at most MOST_TEXTS tasks of a pattern, chosen by their digests."""
    found = TopicEvidence()
    incumbent = read_incumbent(project_id, task_type)
    if incumbent is None:
        return found
    rows = EvaluationTask.objects.filter(
        project_id=project_id, task_type=task_type, pattern_id=pattern_id
    )
    numbers = list(rows.exclude(data=b"").order_by("digest").values_list("pk", flat=True))
    prices = PriceList.of(project_id)
    for start in range(0, len(numbers[:MOST_TEXTS]), READ):
        part = list(EvaluationTask.objects.filter(pk__in=numbers[start : start + READ]))
        add_rows(found, part, build_tasks(part, {}, prices), incumbent)
    return found


def read_incumbent(project_id: UUID, task_type: str) -> Task | None:
    kept = policies.for_deciding(project_id)
    with kept.lock:
        return kept.engine.find_incumbent(task_type)


def add_rows(
    found: TopicEvidence,
    rows: Sequence[EvaluationTask],
    tasks: Sequence[EvaluatedTask],
    incumbent: Task,
) -> None:
    for row, task in zip(rows, tasks, strict=True):
        gains = compare_answers(task, incumbent)
        text = read_text(row) if gains else None
        if text is not None:
            found.texts.append(text)
            found.gains.append(gains)


def compare_answers(task: EvaluatedTask, incumbent: Task) -> dict[str, float]:
    """{alternative: its quality less that of the incumbent's answer}; {} without the latter."""
    own = task.find(incumbent.model_id, incumbent.parameters)
    if own is None:
        return {}
    return {
        value_key({"model_id": one.model_id, **one.parameters}): one.quality - own.quality
        for one in task.answers
        if one is not own
    }


def read_text(row: EvaluationTask) -> str | None:
    kept = recognizers.for_reading(row.project_id)
    with kept.lock:
        found = kept.recognizer.read_free_text(observe_task(row))
    return found[1] if found is not None and found[0] == str(row.pattern_id) else None


def match_again(project_id: UUID, pattern_id: UUID) -> int:
    """Tasks of the pattern that wait to be counted are matched anew; how many."""
    rows = EvaluationTask.objects.filter(project_id=project_id, pattern_id=pattern_id)
    return rows.filter(state=STATES.MATCHED).update(state=STATES.NEW)
