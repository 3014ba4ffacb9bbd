"""Outcomes that cannot be read or counted leave the queue with a reason, so that others are counted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from featurememory.database.write_lock import write_turn
from featurememory.errors import handle_feature_memory_error
from optimizations.engine.domain.outcome import Outcome
from optimizations.models import WaitingOutcome
from optimizations.policy_runtime.outcome_rows import load_outcomes
from patterns.failed_records import PASSING, note_failure
from patterns.models import FailedRecord, ModelInteraction

logger = logging.getLogger("featurememory.optimizations")

Notes = Mapping[int, Sequence[WaitingOutcome]]  # by number of their interaction


def load_each(project_id: UUID, notes: Notes) -> dict[int, Outcome]:
    """The outcomes of these interactions; one that cannot be read is found by halving and set aside."""
    numbers = list(notes)
    try:
        return load_outcomes(project_id, numbers)
    except Exception as error:
        if isinstance(error, PASSING):
            raise
        if len(numbers) == 1:
            set_outcome_aside(project_id, notes[numbers[0]], error)
            return {}
    half = len(numbers) // 2
    parts = numbers[:half], numbers[half:]
    first, second = (load_each(project_id, {n: notes[n] for n in part}) for part in parts)
    return first | second


def set_outcome_aside(project_id: UUID, notes: Sequence[WaitingOutcome], error: Exception) -> None:
    """Note that an outcome could not be counted. A correction of one that was counted is told apart:
    queued again, it would count twice."""
    logger.warning("An outcome of project %s could not be counted", project_id)
    handle_feature_memory_error(error)
    number = notes[0].interaction
    found = ModelInteraction.objects.filter(pk=number).values_list("id", flat=True).first()
    work = "outcome" if any(note.before is None for note in notes) else "correction"
    note_failure(project_id, work, found or str(number), error, number)


def requeue_failed(project_id: UUID) -> int:
    """Queue the outcomes that were set aside again; how many."""
    rows = FailedRecord.objects.filter(project_id=project_id, work="outcome", number__isnull=False)
    with write_turn():
        found = dict(rows.values_list("pk", "number"))
        WaitingOutcome.objects.bulk_create(
            [
                WaitingOutcome(project_id=project_id, interaction=one)
                for one in found.values()
                if one
            ],
            batch_size=500,
        )
        FailedRecord.objects.filter(pk__in=list(found)).delete()
    return len(found)
