"""Deletes interactions, oldest first, in bounded batches; examples of patterns stay."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Sum

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from patterns.models import (
    FailedRecord,
    Feedback,
    Learner,
    ModelInteraction,
    Pattern,
    Payload,
)
from patterns.retention import disk_usage, project_use
from patterns.retention.forecast import EXAMPLES
from patterns.storage.tag_blocks import drop_blocks

# Interactions per transaction: 0.1 s, and at most 8 MB of SQLite's log.
BATCH = 1000


def forget_interactions(project: Project, count: int) -> int:
    """Delete up to `count` of the oldest recognised interactions with their payloads, except the newest
    EXAMPLES of each stored pattern. Rollups and patterns stay. Returns how many were deleted."""
    gone, after = 0, 0
    first_kept: dict[UUID, int | None] = {}
    while gone < count:
        with write_turn():
            rows = ModelInteraction.objects.filter(project=project, number__gt=after)
            known = rows.exclude(state=0).only("number", "id", "pattern_id", "timestamp")
            oldest = list(known.order_by("number")[:BATCH])
            if not oldest:
                break
            after = oldest[-1].number
            doomed = exclude_examples(project, oldest, first_kept)[: count - gone]
            delete_rows(project, doomed)
            drop_blocks(project.pk, after)
        gone += len(doomed)
    return gone


def exclude_examples(
    project: Project, rows: list[ModelInteraction], first_kept: dict[UUID, int | None]
) -> list[ModelInteraction]:
    """The rows that are not examples of their pattern. `first_kept` caches the first example of each
    pattern; what is learned meanwhile only allows more to be deleted the next time."""
    new = {row.pattern_id for row in rows if row.pattern_id is not None} - first_kept.keys()
    stored = set(
        Pattern.objects.stored().filter(project=project, pk__in=new).values_list("pk", flat=True)
    )
    for name in new:
        first_kept[name] = find_first_example(project, name) if name in stored else None

    def goes(row: ModelInteraction) -> bool:
        first = first_kept[row.pattern_id] if row.pattern_id else None
        return first is None or row.number < first

    return [row for row in rows if goes(row)]


def find_first_example(project: Project, pattern_id: UUID) -> int:
    """The number of the oldest interaction that is kept as an example of the pattern."""
    rows = ModelInteraction.objects.filter(project=project, pattern_id=pattern_id)
    newest = list(rows.order_by("-number").values_list("number", flat=True)[:EXAMPLES])
    return newest[-1]


def delete_rows(project: Project, rows: list[ModelInteraction]) -> None:
    numbers = [row.number for row in rows]
    record_forgotten_until(project, max((row.timestamp for row in rows), default=0))
    payloads = Payload.objects.filter(pk__in=numbers)
    freed = payloads.aggregate(n=Sum(disk_usage.BYTES))["n"] or 0
    payloads.delete()
    FailedRecord.objects.filter(project=project, number__in=numbers).delete()
    names = [row.id for row in rows]
    Feedback.objects.filter(project=project, target="interaction", target_id__in=names).delete()
    ModelInteraction.objects.filter(pk__in=numbers)._raw_delete(using="default")
    project_use.add_bytes(
        project.pk, interactions=-int(freed) - len(numbers) * disk_usage.ROW_BYTES
    )


def record_forgotten_until(project: Project, newest: int) -> None:
    """Rollups up to this timestamp (ms) can no longer be recounted: see `recount.recount_rollups`."""
    learner = Learner.objects.filter(pk=project.pk, forgotten_until__lt=newest)
    learner.update(forgotten_until=newest)
