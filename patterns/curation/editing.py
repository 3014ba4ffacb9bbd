"""Change label, pin and status of a pattern, and judge its matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from featurememory.audit.record import record
from featurememory.database.write_lock import write_turn
from featurememory.errors import invalid, not_found
from featurememory.models import Project
from patterns.curation.history import (
    add_activity,
    add_pattern_events,
    format_pattern_count,
    invalidate_recognizers,
    record_operation,
)
from patterns.curation.learner_turn import learning_turn, save_recognizer
from patterns.curation.pruning import prune_patterns
from patterns.models import Operation, Pattern
from patterns.recognition.recognizer_cache import recognizers


def edit_pattern(
    project: Project,
    pattern: Pattern,
    actor: str,
    *,
    label: str | None = None,
    pinned: bool | None = None,
    status: str | None = None,
) -> Pattern:
    """Change what is given (an empty label removes it); `status` archived prunes the pattern.

    422 for another status of a pattern in the trash.
    """
    archived = Pattern.PatternStatus.ARCHIVED
    if status not in (None, archived) and pattern.status == archived:
        raise invalid("is in the trash; restore it first", "/status")
    if status == archived and pattern.status != status:
        prune_patterns(project, Pattern.objects.filter(pk=pattern.pk), actor)
        pattern.refresh_from_db()
        return pattern
    given = {"label": label, "pinned": pinned, "status": status}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if label is not None:
        changes["label"] = label.strip() or None
    changes = {name: new for name, new in changes.items() if getattr(pattern, name) != new}
    if changes:
        save_changes(project, pattern, actor, changes)
        pattern.refresh_from_db()
    return pattern


def pin_patterns(
    project: Project, rows: Sequence[Pattern], actor: str, pinned: bool
) -> Operation | None:
    """Pin or unpin patterns; many are one operation with one Undo."""
    if len(rows) <= 1:
        for row in rows:
            edit_pattern(project, row, actor, pinned=pinned)
        return None
    ids = [str(row.pk) for row in rows]
    kind, word = ("pin", "Pinned") if pinned else ("unpin", "Unpinned")
    with write_turn():
        Pattern.objects.filter(project=project, pk__in=ids).update(pinned=pinned)
        operation = record_operation(
            project,
            kind,
            actor,
            ids,
            f"{word} {format_pattern_count(len(ids))}",
            before={"pinned": ids},
            details={"before": not pinned, "after": pinned},
        )
        invalidate_recognizers(project)
    return operation


def undo_pins(project: Project, actor: str, operation: Operation) -> Operation:
    """Turn the pins of an operation back."""
    ids, was = operation.before["pinned"], operation.kind == "unpin"
    Pattern.objects.filter(project=project, pk__in=ids).update(pinned=was)
    summary = f"{'Pinned' if was else 'Unpinned'} {format_pattern_count(len(ids))} again"
    invalidate_recognizers(project)
    return record_operation(project, "restore", actor, ids, summary)


def save_changes(project: Project, pattern: Pattern, actor: str, changes: dict[str, Any]) -> None:
    """The columns, an entry of history and a line of activity for each of them."""
    with write_turn():
        Pattern.objects.filter(pk=pattern.pk).update(**changes)
        for name, value in changes.items():
            details = {"before": getattr(pattern, name), "after": value}
            add_pattern_events(project, [str(pattern.pk)], name, actor, details)
            summary = describe_change(pattern, name, value)
            add_activity(project, actor, "edit", summary, None, pattern)
        old = {name: getattr(pattern, name) for name in changes}
        record(
            project.pk, "pattern.edited", str(pattern.pk), actor=actor, before=old, after=changes
        )
        invalidate_recognizers(project)


def describe_change(pattern: Pattern, name: str, value: Any) -> str:
    if name == "pinned":
        return f"{'Pinned' if value else 'Unpinned'} {pattern}"[:300]
    if name == "label":
        return (f"Renamed “{pattern}” to “{value}”" if value else f"Took the name off “{pattern}”")[
            :300
        ]
    return f"Set {name} of {pattern} to {value}"[:300]


def judge_match(project: Project, pattern: Pattern, success: bool) -> Pattern:
    """Report whether a match was right; the confidence of the pattern follows.

    404 when the pattern is no longer in use, 503 while the project is being learned.
    """
    with learning_turn(project), write_turn():
        loaded = recognizers.for_learning(project.pk)
        if str(pattern.pk) not in loaded.recognizer:
            raise not_found("pattern that is still in use")
        with loaded.lock:
            loaded.recognizer.update_pattern_confidence(str(pattern.pk), success)
        save_recognizer(project)
    pattern.refresh_from_db()
    return pattern
