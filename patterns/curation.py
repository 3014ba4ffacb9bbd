"""People's decisions about patterns: prune, restore, merge, split, pin, label. All can be undone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid, not_found
from featurememory.models import Activity, Project
from featurememory.writes import write_turn
from patterns.engine.decisions import Decisions
from patterns.lease import lease
from patterns.memory import keep_snapshot, load, memory
from patterns.models import Learner, Operation, Pattern, PatternEvent, PatternQuerySet

KEPT = timedelta(days=Operation.LIFETIME_DAYS)


@dataclass(frozen=True)
class Consequences:
    """What pruning would concern: patterns, interactions that keep their record, bytes freed."""

    patterns: int
    interactions: int
    bytes: int


def consequences(project: Project, queryset: PatternQuerySet) -> Consequences:
    rows = queryset.stored().filter(project=project)
    sums = rows.aggregate(uses=Sum("use_count"), size=Sum("size_bytes"))
    return Consequences(rows.count(), sums["uses"] or 0, sums["size"] or 0)


def prune(project: Project, queryset: PatternQuerySet, actor: str) -> Operation:
    """Soft: the patterns stop matching and go to the trash for 30 days. One Operation, one Undo."""
    with write_turn():
        rows = list(queryset.stored().filter(project=project).only("pk", "status"))
        before = {str(row.pk): row.status for row in rows}
        operation = begin(project, "prune", actor, len(rows), {"status": before})
        Pattern.objects.filter(pk__in=[row.pk for row in rows]).update(
            status=Pattern.Status.ARCHIVED,
            archived_at=timezone.now(),
            archived_by=actor,
            archived_why="pruned",
        )
        note(project, before, "pruned", actor)
        tell(project, actor, "prune", f"Pruned {plural(len(rows))}", operation)
        learned_elsewhere(project)
    return operation


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
        found = {str(row.pk): Pattern.Status.CANDIDATE.value for row in rows}
        if not found:
            raise not_found("pattern in the trash")
        return bring_back(project, actor, found)


def in_trash(project: Project) -> Any:
    """Archived in the last 30 days and not merged into another; newest first."""
    rows = Pattern.objects.filter(project=project, status=Pattern.Status.ARCHIVED)
    recent = rows.filter(redirect_to__isnull=True, archived_at__gt=timezone.now() - KEPT)
    return recent.filter(state__isnull=False).order_by("-archived_at", "pk")


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


def bring_back(project: Project, actor: str, statuses: dict[str, str]) -> Operation:
    for status in set(statuses.values()):
        ids = [name for name, before in statuses.items() if before == status]
        Pattern.objects.filter(project=project, pk__in=ids).update(
            status=status, archived_at=None, archived_by="", archived_why=""
        )
    operation = begin(project, "restore", actor, len(statuses), {})
    note(project, statuses, "restored", actor)
    tell(project, actor, "restore", f"Restored {plural(len(statuses))}", None)
    learned_elsewhere(project)
    return operation


def edit(
    project: Project,
    pattern: Pattern,
    actor: str,
    *,
    label: str | None = None,
    pinned: bool | None = None,
    status: str | None = None,
) -> Pattern:
    """Change what is given (an empty label takes it away); `status` archived prunes."""
    if status == Pattern.Status.ARCHIVED and pattern.status != status:
        prune(project, Pattern.objects.filter(pk=pattern.pk), actor)
        pattern.refresh_from_db()
        return pattern
    changes: dict[str, Any] = {}
    if label is not None:
        changes["label"] = label.strip() or None
    if pinned is not None:
        changes["pinned"] = pinned
    if status is not None:
        changes["status"] = status
    changes = {name: new for name, new in changes.items() if getattr(pattern, name) != new}
    if changes:
        with write_turn():
            Pattern.objects.filter(pk=pattern.pk).update(**changes)
            for name, value in changes.items():
                details = {"before": getattr(pattern, name), "after": value}
                note(project, [str(pattern.pk)], name, actor, details)
                tell(
                    project,
                    actor,
                    "edit",
                    f"Set {name} of {pattern} to {value}"[:300],
                    None,
                    pattern,
                )
            learned_elsewhere(project)
        pattern.refresh_from_db()
    return pattern


def judge(project: Project, pattern: Pattern, success: bool) -> Pattern:
    """A person's (or a program's) word on whether a match was right moves the confidence."""
    with learning_turn(project), write_turn():
        kept = memory.for_learning(project.pk)
        if str(pattern.pk) not in kept.recognizer:
            raise not_found("pattern that is still in use")
        with kept.lock:
            kept.recognizer.update_pattern_confidence(str(pattern.pk), success)
        save_engine(project)
    pattern.refresh_from_db()
    return pattern


# --- merge and split ----------------------------------------------------------------------------


def merge(project: Project, ids: Sequence[str], actor: str) -> tuple[Operation, list[str]]:
    """Make one pattern of several; the most used keeps its id, the others redirect to it."""
    unique = sorted({str(parse_id(name)) for name in ids})
    if len(unique) < 2:
        raise invalid("name at least two different patterns", "/ids")
    with learning_turn(project), write_turn():
        rows = {str(row.pk): row for row in stored(project).filter(pk__in=unique)}
        if len(rows) < len(unique):
            raise not_found("pattern")
        before = {name: row.status for name, row in rows.items()}
        kept = memory.for_learning(project.pk)
        decided = deepcopy(kept.recognizer.decisions)
        try:
            with kept.lock:
                change = kept.recognizer.merge(unique)
        except ValueError as error:
            raise invalid(str(error), "/ids") from error
        target = change.targets[0]
        sources = [name for name in unique if name != target]
        uses = {name: rows[name].use_count for name in sources}
        apply_merge(project, uses, target)
        taken_back = decisions_before(decided, kept.recognizer.decisions)
        undo_with = {"status": before, "into": target, "uses": uses, "decisions": taken_back}
        operation = begin(project, "merge", actor, len(unique), undo_with)
        note(project, unique, "merged", actor, {"into": target})
        tell(project, actor, "merge", f"Merged {plural(len(unique))}", operation)
        save_engine(project)
    return operation, [target]


def apply_merge(project: Project, uses: Mapping[str, int], target: str) -> None:
    """Sources become redirects and hand their use counts over.

    Interactions and rollups keep their pattern ids: readers follow the redirects (`family_of`), so
    that a merge, and its undo, cost the same for ten uses and for a million.
    """
    rows, sources = Pattern.objects.filter(project=project), list(uses)
    rows.filter(redirect_to__in=sources).update(redirect_to=UUID(target))
    rows.filter(pk=target).update(use_count=F("use_count") + sum(uses.values()))
    rows.filter(pk__in=sources).update(
        status=Pattern.Status.ARCHIVED,
        redirect_to=UUID(target),
        archived_at=timezone.now(),
        archived_why="merged",
        use_count=0,
    )


def unmerge(project: Project, operation: Operation) -> None:
    """Uses go back to the sources, from whoever holds them now: the target may be merged too."""
    uses = operation.before.get("uses", {})
    rows = Pattern.objects.filter(project=project)
    if not uses:
        return
    for name, count in uses.items():
        rows.filter(pk=name).update(redirect_to=None, use_count=F("use_count") + count)
    into = rows.get(pk=operation.before["into"])
    holder = rows.filter(pk=into.redirect_to or into.pk)
    holder.update(use_count=F("use_count") - sum(uses.values()))


def unsplit(project: Project, operation: Operation) -> None:
    """The parts become redirects to the pattern they were parted from."""
    parts = stored(project).filter(pk__in=operation.before.get("parts", []))
    uses = {str(pk): count for pk, count in parts.values_list("pk", "use_count")}
    if uses:
        apply_merge(project, uses, operation.before["into"])


def decisions_before(before: Decisions, after: Decisions) -> dict[str, dict[str, Any]]:
    """What the recogniser knew before of all that an operation decided; null: nothing."""
    return {
        kind: {
            key: getattr(before, kind).get(key)
            for key, value in getattr(after, kind).items()
            if getattr(before, kind).get(key) != value
        }
        for kind in after.__struct_fields__
    }


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


def split(
    project: Project, pattern_id: str, actor: str, *, slot: str | None, example_ids: Sequence[str]
) -> tuple[Operation, list[str]]:
    """Make several patterns of one: a pattern per value of a slot, or one for the examples."""
    with learning_turn(project), write_turn():
        row = stored(project).filter(pk=parse_id(pattern_id)).first()
        if row is None:
            raise not_found("pattern")
        kept = memory.for_learning(project.pk)
        decided = deepcopy(kept.recognizer.decisions)
        try:
            with kept.lock:
                change = kept.recognizer.split(
                    pattern_id, slot=slot, observation_ids=list(example_ids)
                )
        except (ValueError, KeyError) as error:
            pointer = "/by" if slot is not None else "/example_ids"
            raise invalid(str(error).strip("'"), pointer) from error
        undo_with = {
            "status": {str(row.pk): row.status},
            "into": str(row.pk),
            "parts": [name for name in change.targets if name != str(row.pk)],
            "decisions": decisions_before(decided, kept.recognizer.decisions),
        }
        operation = begin(project, "split", actor, 1, undo_with)
        note(project, [str(row.pk)], "split", actor, {"into": list(change.targets)})
        tell(project, actor, "split", f"Split {row} into {len(change.targets)}", operation, row)
        save_engine(project)
    return operation, list(change.targets)


@contextmanager
def learning_turn(project: Project) -> Iterator[None]:
    """The lease of the project: what a batch is learning right now must not be mixed with this."""
    for _ in range(20):
        with lease(project.pk) as held:
            if held:
                try:
                    yield
                except BaseException:
                    memory.drop(project.pk)  # decided but not saved: no later batch may save it
                    raise
                return
        time.sleep(0.25)
    raise FeatureMemoryError(
        "The patterns are being learned right now; nothing was changed, try again.",
        ErrorCode.OVERLOADED,
        {"retry_after": 2},
    )


def save_engine(project: Project) -> None:
    """Write what the engine changed by a person's decision, and its memory of that decision."""
    from patterns.storage import DatabasePatternStorage

    kept = memory.for_learning(project.pk)
    changes = kept.recognizer.take_changes()
    DatabasePatternStorage(project, kept.recognizer.version).store(
        kept.recognizer.get(name) for name in changes.changed
    )
    learner, _ = Learner.objects.select_for_update().get_or_create(pk=project.pk)
    keep_snapshot(learner, kept.recognizer)
    learner.version += 1
    learner.save(update_fields=["snapshot", "unsaved", "version"])
    kept.version = learner.version


# --- small steps --------------------------------------------------------------------------------


def stored(project: Project) -> Any:
    return Pattern.objects.stored().filter(project=project)


def parse_id(text: UUID | str) -> UUID:
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise not_found("pattern") from error


def begin(
    project: Project, kind: str, actor: str, affected: int, before: dict[str, Any]
) -> Operation:
    return Operation.objects.create(
        project=project, kind=kind, actor=actor, affected=affected, before=before
    )


def note(
    project: Project, ids: Any, kind: str, actor: str, details: dict[str, Any] | None = None
) -> None:
    PatternEvent.objects.bulk_create(
        PatternEvent(
            project=project, pattern_id=UUID(name), kind=kind, actor=actor, details=details or {}
        )
        for name in ids
    )


def tell(
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


def learned_elsewhere(project: Project) -> None:
    """Rows were changed past the engine: every process reads the patterns anew, this one at once."""
    learner, _ = Learner.objects.select_for_update().get_or_create(pk=project.pk)
    learner.version += 1
    learner.save(update_fields=["version"])
    transaction.on_commit(lambda: memory.drop(project.pk))


def plural(count: int) -> str:
    return "1 pattern" if count == 1 else f"{count:,} patterns"
