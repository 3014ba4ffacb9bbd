"""The records every change leaves: operations, pattern history, activity."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from featurememory.audit.record import name_ids, record
from featurememory.models import Activity, Project
from patterns.models import Learner, Operation, Pattern, PatternEvent
from patterns.recognition.recognizer_cache import recognizers

UNDO_PERIOD = timedelta(days=Operation.LIFETIME_DAYS)


def select_stored(project: Project) -> Any:
    return Pattern.objects.stored().filter(project=project)


# What happened to each pattern, by the kind of the operation.
EVENTS = {"prune": "pruned", "restore": "restored", "merge": "merged", "split": "split"}
EVENTS |= {"pin": "pinned", "unpin": "pinned", "reword": "reworded"}


def record_operation(
    project: Project,
    kind: str,
    actor: str,
    ids: Collection[str],
    summary: str,
    *,
    before: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
    pattern: Pattern | None = None,
) -> Operation:
    """Write an operation down: its row with what Undo needs (`before`), an entry in the history of
    every pattern it changed, and one line of activity. A restore cannot be undone."""
    operation = Operation.objects.create(
        project=project, kind=kind, actor=actor, affected=len(ids), before=before or {}
    )
    add_pattern_events(project, ids, EVENTS[kind], actor, details)
    record(
        project.pk,
        f"pattern.{EVENTS[kind]}",
        name_ids(ids),
        actor=actor,
        before=keep_from_log(before or {}),
        after={"operation_id": str(operation.pk), **keep_from_log(details or {})},
    )
    can_undo = kind != "restore"
    add_activity(project, actor, kind, summary, operation if can_undo else None, pattern)
    return operation


def keep_from_log(values: dict[str, Any]) -> dict[str, Any]:
    """Without what quotes texts: the log cannot forget them."""
    return {name: value for name, value in values.items() if name not in ("decisions", "text")}


def add_pattern_events(
    project: Project,
    ids: Collection[str],
    kind: str,
    actor: str,
    details: dict[str, Any] | None = None,
) -> None:
    PatternEvent.objects.bulk_create(
        PatternEvent(
            project=project, pattern_id=UUID(name), kind=kind, actor=actor, details=details or {}
        )
        for name in ids
    )


def add_activity(
    project: Project,
    actor: str,
    verb: str,
    summary: str,
    operation: Operation | None,
    pattern: Pattern | None = None,
) -> None:
    Activity.objects.create(
        project=project,
        actor=actor,
        verb=verb,
        summary=summary,
        link=f"/patterns/{pattern.pk}/" if pattern else "",
        operation_id=operation.pk if operation else None,
    )


def invalidate_recognizers(project: Project) -> None:
    """Make every process reload the patterns, because rows were changed without the engine.

    This process reloads on commit, others within RecognizerCache.STALE_S seconds.
    """
    learner = Learner.objects.lock(project.pk)
    learner.version += 1
    learner.save(update_fields=["version"])
    transaction.on_commit(lambda: recognizers.drop(project.pk))


def format_pattern_count(count: int) -> str:
    return "1 pattern" if count == 1 else f"{count:,} patterns"
