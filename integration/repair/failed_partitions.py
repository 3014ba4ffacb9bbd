"""Partitions whose repair fails stay as they are, with the reason; the others are repaired.

A partition that failed rests before it is tried again, twice as long each time.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.repair.drafts import draft_partition, draft_partitions
from patterns.engine.repair.plan import Draft
from patterns.failed_records import clean_subject, forget_failures, note_failure
from patterns.models import FailedRecord

logger = logging.getLogger("featurememory.repairs")

REST, LONGEST = timedelta(minutes=10), timedelta(days=1)


def note_partition(project_id: UUID, name: str, error: Exception | str) -> None:
    """Note that the repair of this partition failed: it is left as it is."""
    logger.error(
        "Project %s: patterns of texts of %r could not be repaired and stay as they are: %s",
        *(project_id, name[:80], error),
    )
    note_failure(project_id, "repair", name, error)


def find_resting(project_id: UUID) -> set[str]:
    """Partitions that failed and are not to be tried yet."""
    rows = FailedRecord.objects.filter(project_id=project_id, work="repair").exclude(subject="")
    now = timezone.now()
    return {
        row.subject
        for row in rows
        if row.at + min(LONGEST, REST * 2 ** min(row.attempts, 12)) > now
    }


def leave_out(drafts: Iterable[Draft], resting: Container[str]) -> list[Draft]:
    return [draft for draft in drafts if clean_subject(draft.name) not in resting]


def forget_repaired(project_id: UUID, names: Iterable[str]) -> None:
    """What was noted about these partitions before they were repaired."""
    if FailedRecord.objects.filter(project_id=project_id, work="repair").exists():
        forget_failures(project_id, "repair", names)


def draft_each(project_id: UUID, recognizer: DefaultPatternRecognizer) -> list[Draft]:
    """Drafts of all partitions that can be drafted."""
    memory = recognizer.memory
    try:
        return draft_partitions(memory)
    except Exception as error:
        logger.warning(
            "Project %s: the examples of some kinds of text cannot be read, repairing the others: %r",
            *(project_id, error),
        )
    found = []
    for name, samples in memory.reservoir.by_partition().items():
        if name in memory.groupers:
            try:
                found.append(draft_partition(memory, name, samples))
            except Exception as error:
                note_partition(project_id, name, error)
    return found
