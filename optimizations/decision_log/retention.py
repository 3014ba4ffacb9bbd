"""Deletes the oldest decisions of a project over its limits; interactions go by the same limits."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from featurememory.config import config_of
from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from optimizations.decision_log.log import ROW_BYTES
from optimizations.decision_log.shadow_rows import delete_shadows
from optimizations.models import AppliedOptimization, Decision
from patterns.models import Feedback
from patterns.retention import disk_usage, project_use
from patterns.retention.forecast import measure_claim

# Decisions per transaction, and most of them at once: the next check continues.
BATCH, MOST = 500, 10_000
RANGE = 20_000
DAY_MS = 86_400_000


def forget_decisions(project_id: UUID) -> int:
    """Delete what is over the project's limits (bytes, age, count); how many were deleted."""
    gone = forget_oldest(project_id, measure_surplus_bytes(project_id))
    gone += forget_rows(find_too_old(project_id), project_id)
    gone += forget_rows(find_too_many(project_id), project_id)
    disk_usage.vacuum_forgotten(gone)
    return gone


def measure_surplus_bytes(project_id: UUID) -> float:
    claim = measure_claim(Project(pk=project_id))
    if not claim.is_over:
        return 0.0
    used = project_use.read_uses().get(project_id, project_use.BytesUsed())
    return used.decisions * (1 - claim.goal / claim.bytes)


def find_too_old(project_id: UUID) -> QuerySet[Decision]:
    days = config_of(project_id).max_age
    rows = Decision.objects.filter(project_id=project_id)
    limit = time.time_ns() // 1_000_000 - days * DAY_MS
    return rows.filter(at__lt=limit) if days else rows.none()


def find_too_many(project_id: UUID) -> QuerySet[Decision]:
    """Those beyond `max_interactions`, by which decisions are counted on their own."""
    most = config_of(project_id).max_interactions
    rows = Decision.objects.filter(project_id=project_id)
    if not most:
        return rows.none()
    first_over = rows.order_by("-number").values_list("number", flat=True)[most : most + 1]
    return rows.filter(number__lte=next(iter(first_over), 0))


def forget_oldest(project_id: UUID, size: float) -> int:
    """Delete the oldest until `size` bytes are free."""
    gone = 0
    while size > 0 and gone < MOST:
        rows = Decision.objects.filter(project_id=project_id)
        freed, count = delete_batch(rows, project_id, size)
        if not count:
            break
        size, gone = size - freed, gone + count
    return gone


def forget_rows(rows: QuerySet[Decision], project_id: UUID) -> int:
    gone = 0
    while gone < MOST and (count := delete_batch(rows, project_id)[1]):
        gone += count
    return gone


def delete_batch(
    rows: QuerySet[Decision], project_id: UUID, size: float = float("inf")
) -> tuple[int, int]:
    """Delete the oldest of `rows`, about `size` bytes of them; bytes and rows that went."""
    with write_turn():
        oldest = rows.order_by("number").values_list("number", "id", disk_usage.BYTES)[:BATCH]
        doomed: list[Any] = []
        freed = 0
        for number, name, length in oldest:
            if freed >= size:
                break
            freed += (length or 0) + ROW_BYTES
            doomed.append((number, name))
        names = [name for _, name in doomed]
        applied = AppliedOptimization.objects.filter(project_id=project_id, decision_id__in=names)
        applied.delete()
        freed += delete_shadows(project_id, names)
        words = Feedback.objects.filter(project_id=project_id, target="decision")
        words.filter(target_id__in=names).delete()
        Decision.objects.filter(pk__in=[number for number, _ in doomed]).delete()
    project_use.add_bytes(project_id, decisions=-freed)
    return freed, len(doomed)


def count_decision_bytes() -> dict[UUID, int]:
    """Bytes of the decisions of every project, in ranges that block nobody for long."""
    found: defaultdict[UUID, int] = defaultdict(int)
    last = Decision.objects.aggregate(most=Max("number"))["most"] or 0
    for start in range(0, last + 1, RANGE):
        rows = Decision.objects.filter(number__gte=start, number__lt=start + RANGE).order_by()
        for project_id, size in rows.values_list("project_id", disk_usage.BYTES):
            found[project_id] += (size or 0) + ROW_BYTES
    return found
