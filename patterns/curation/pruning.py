"""Prune patterns and restore them from the trash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from patterns.curation.history import (
    UNDO_PERIOD,
    format_pattern_count,
    invalidate_recognizers,
    record_operation,
)
from patterns.models import Operation, Pattern, PatternQuerySet


@dataclass(frozen=True)
class Consequences:
    """What pruning would affect: patterns, their interactions (which are kept), bytes freed."""

    patterns: int
    interactions: int
    bytes: int


def count_consequences(project: Project, queryset: PatternQuerySet) -> Consequences:
    rows = queryset.stored().filter(project=project)
    sums = rows.aggregate(uses=Sum("use_count"), size=Sum("size_bytes"))
    return Consequences(rows.count(), sums["uses"] or 0, sums["size"] or 0)


def prune_patterns(project: Project, queryset: PatternQuerySet, actor: str) -> Operation:
    """Move patterns to the trash for 30 days: they stop matching. One operation with one Undo."""
    with write_turn():
        rows = list(queryset.stored().filter(project=project).only("pk", "status"))
        before = {str(row.pk): row.status for row in rows}
        Pattern.objects.filter(pk__in=[row.pk for row in rows]).update(
            status=Pattern.PatternStatus.ARCHIVED,
            archived_at=timezone.now(),
            archived_by=actor,
            archived_why="pruned",
        )
        summary = f"Pruned {format_pattern_count(len(rows))}"
        operation = record_operation(
            project, "prune", actor, before, summary, before={"status": before}
        )
        invalidate_recognizers(project)
    return operation


def select_trash(project: Project) -> Any:
    """Patterns archived in the last 30 days and not merged into another, newest first."""
    rows = Pattern.objects.filter(project=project, status=Pattern.PatternStatus.ARCHIVED)
    recent = rows.filter(redirect_to__isnull=True, archived_at__gt=timezone.now() - UNDO_PERIOD)
    return recent.filter(state__isnull=False).order_by("-archived_at", "pk")


def restore_patterns(project: Project, actor: str, statuses: dict[str, str]) -> Operation:
    """Restore patterns from the trash, each to the status it had (`statuses`: id to status), except
    what was merged or erased since."""
    rows = Pattern.objects.filter(project=project, redirect_to__isnull=True, state__isnull=False)
    restored = [str(pk) for pk in rows.filter(pk__in=statuses).values_list("pk", flat=True)]
    for status in set(statuses.values()):
        ids = [name for name in restored if statuses[name] == status]
        rows.filter(pk__in=ids).update(
            status=status, archived_at=None, archived_by="", archived_why=""
        )
    invalidate_recognizers(project)
    summary = f"Restored {format_pattern_count(len(restored))}"
    return record_operation(project, "restore", actor, restored, summary)
