"""Undo an operation, or restore single patterns from the trash."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError, not_found
from featurememory.models import Project
from patterns.curation.history import KEPT, parse_id
from patterns.curation.merging import unmerge
from patterns.curation.pruning import bring_back, in_trash
from patterns.curation.splitting import unsplit
from patterns.models import Learner, Operation, Pattern
from patterns.recognition.recognizer_cache import keep_snapshot, load


def restore(
    project: Project,
    actor: str,
    operation_id: UUID | str | None = None,
    ids: Sequence[str] | None = None,
) -> Operation:
    """Undo an operation as a whole, or take single patterns out of the trash.

    404 when there is nothing of that id, 409 when the operation was undone before or is too old.
    """
    with write_turn():
        if operation_id is not None:
            return undo(project, actor, operation_id)
        rows = in_trash(project).filter(pk__in=[parse_id(name) for name in ids or []])
        found = {str(row.pk): Pattern.PatternStatus.CANDIDATE.value for row in rows}
        if not found:
            raise not_found("pattern in the trash")
        return bring_back(project, actor, found)


def undo(project: Project, actor: str, operation_id: UUID | str) -> Operation:
    operation = Operation.objects.filter(project=project, pk=parse_id(operation_id)).first()
    if operation is None:
        raise not_found("operation")
    if operation.undone_at or operation.at < timezone.now() - KEPT:
        raise FeatureMemoryError(
            "This operation was undone before, or is older than 30 days.", ErrorCode.CONFLICT
        )
    operation.undone_at = timezone.now()
    operation.save(update_fields=["undone_at"])
    unmerge(project, operation)
    unsplit(project, operation)
    undecide(project, operation)
    return bring_back(project, actor, operation.before.get("status", {}))


def undecide(project: Project, operation: Operation) -> None:
    """The recogniser forgets the decision: it must not hold for the future either."""
    known = operation.before.get("decisions", {})
    if not any(known.values()):
        return
    learner = Learner.objects.select_for_update().get(pk=project.pk)
    recognizer = load(project.pk).recognizer
    for kind, entries in known.items():
        decided = getattr(recognizer.decisions, kind)
        for key, value in entries.items():
            decided.pop(key, None)
            if value is not None:
                decided[key] = value
    keep_snapshot(learner, recognizer)
    learner.save(update_fields=["snapshot", "unsaved"])
