"""Undo an operation, or restore single patterns from the trash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError, not_found
from featurememory.models import Project
from patterns.criteria import parse_id
from patterns.curation.editing import undo_pins
from patterns.curation.giving_back import give_back_arrivals
from patterns.curation.history import UNDO_PERIOD
from patterns.curation.merging import undo_merge
from patterns.curation.pruning import restore_patterns, select_trash
from patterns.curation.splitting import undo_split
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.rewording.reword import put_words_back
from patterns.engine.templates.word_rules import WordRule
from patterns.models import Learner, Operation, Pattern
from patterns.recognition.recognizer_cache import load_recognizer, set_snapshot
from patterns.storage.database import DatabasePatternStorage


def undo_or_restore(
    project: Project,
    actor: str,
    operation_id: UUID | str | None = None,
    ids: Sequence[str] | None = None,
) -> Operation:
    """Undo a whole operation, or restore single patterns from the trash.

    404 for an unknown id, 409 when the operation was already undone or is older than 30 days.
    """
    if operation_id is not None:
        with write_turn():
            undone = undo_operation(project, actor, operation_id)
        give_back_arrivals(project, Operation.objects.get(pk=parse_id(operation_id)))
        return undone
    with write_turn():
        rows = select_trash(project).filter(pk__in=[parse_id(name) for name in ids or []])
        found = {str(row.pk): Pattern.PatternStatus.CANDIDATE.value for row in rows}
        if not found:
            raise not_found("pattern in the trash")
        return restore_patterns(project, actor, found)


def undo_operation(project: Project, actor: str, operation_id: UUID | str) -> Operation:
    operation = Operation.objects.filter(project=project, pk=parse_id(operation_id)).first()
    if operation is None:
        raise not_found("operation")
    if operation.undone_at or operation.at < timezone.now() - UNDO_PERIOD:
        raise FeatureMemoryError(
            "This operation was already undone, or is older than 30 days.", ErrorCode.CONFLICT
        )
    operation.undone_at = timezone.now()
    operation.save(update_fields=["undone_at"])
    if "pinned" in operation.before:
        return undo_pins(project, actor, operation)
    undo_merge(project, operation)
    undo_split(project, operation)
    forget_decisions(project, operation)
    return restore_patterns(project, actor, operation.before.get("status", {}))


def forget_decisions(project: Project, operation: Operation) -> None:
    """Make the recogniser forget the decision, so that it does not apply to future interactions."""
    known = operation.before.get("decisions", {})
    if not any(known.values()):
        return
    learner = Learner.objects.lock(project.pk)
    recognizer = load_recognizer(project.pk).recognizer
    restore_words(project, recognizer, known.get("words", {}))
    for kind, entries in known.items():
        if kind == "words":
            continue
        decided = getattr(recognizer.memory.decisions, kind)
        for key, value in entries.items():
            decided.pop(key, None)
            if value is not None:
                decided[key] = value
    set_snapshot(learner, recognizer)
    learner.save(update_fields=["snapshot", "unsaved"])


def restore_words(
    project: Project, recognizer: DefaultPatternRecognizer, known: dict[str, Any]
) -> None:
    """What was said of words of templates is what it was before, and they read like it."""
    for name, rules in known.items():
        earlier = msgspec.convert(rules or [], list[WordRule])
        put_words_back(recognizer.memory, name, earlier)
    states = [recognizer.get(name) for name in known if name in recognizer]
    DatabasePatternStorage(project, recognizer.version).store(states)
