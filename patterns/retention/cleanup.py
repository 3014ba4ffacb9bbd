"""Cleanup: archives weak patterns, empties old trash, deletes the oldest interactions over the limits.

Runs in bounded batches outside of requests; it can stop anywhere and continue later.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from featurememory.config import config_of
from featurememory.database.write_lock import write_turn
from featurememory.models import Activity, Project
from patterns.models import Learner, ModelInteraction
from patterns.retention import disk_usage, project_use
from patterns.retention.delete_interactions import forget_interactions
from patterns.retention.forecast import (
    count_examples,
    count_needed_for_room,
    count_recognized,
    find_newest_use,
    forecast_cleanup,
    measure_claim,
)
from patterns.retention.old_figures import forget_old_figures, forget_surplus_feedback
from patterns.retention.old_history import delete_old_history, empty_trash
from patterns.storage.database import DatabasePatternStorage
from patterns.storage.protocol import compute_unused_since

# Interactions deleted at once between two batches of learning: at least LEAST, or one PARTth of what has
# to go, since searching for fewer costs more than it frees. On SQLite at most MOST, a second of work, so
# that learning continues. PostgreSQL vacuums afterwards, which costs the same for many as for few.
LEAST, PART, MOST = 2000, 8, 10_000
ONE_LINE_S = 3600  # cleanups within this time share one line of activity


@dataclass(frozen=True)
class CleanupResult:
    """What a cleanup removed, or (`dry_run`) would remove."""

    dry_run: bool
    weak_patterns: int = 0
    surplus_patterns: int = 0
    emptied_trash: int = 0
    interactions: int = 0
    bytes_before: int = 0
    bytes_after: int = 0

    def as_dict(self) -> dict[str, int | bool]:
        return asdict(self)

    def __add__(self, other: CleanupResult) -> CleanupResult:
        return replace(
            other,
            weak_patterns=self.weak_patterns + other.weak_patterns,
            surplus_patterns=self.surplus_patterns + other.surplus_patterns,
            emptied_trash=self.emptied_trash + other.emptied_trash,
            interactions=self.interactions + other.interactions,
        )

    def __str__(self) -> str:
        return (
            f"{self.weak_patterns + self.surplus_patterns} patterns moved to the trash, "
            f"{self.emptied_trash} deleted from it, {self.interactions:,} old interactions deleted"
        )

    @property
    def total(self) -> int:
        return self.weak_patterns + self.surplus_patterns + self.emptied_trash + self.interactions


# Share of the server's limit, log and free pages included, from which on free pages are returned to the
# disk. Files filled by rows alone stay below it, so pages are not returned only to be needed again. Ingest
# that a long log has closed opens again only below it.
CROWDED = 0.92


def is_cleanup_due(project_id: UUID) -> bool:
    """Whether `cleanup_interval` has passed since the last cleanup, or storage is nearly full."""
    is_over = is_interval_over(project_id)
    return is_over or is_crowded(project_id)


def is_interval_over(project_id: UUID) -> bool:
    learner, _ = Learner.objects.defer("snapshot", "unsaved").get_or_create(pk=project_id)
    if learner.cleaned_at is None:
        Learner.objects.filter(pk=project_id).update(cleaned_at=timezone.now())
        return False
    waited = timezone.now() - learner.cleaned_at
    interval = config_of(project_id).cleanup_interval
    # Negative: the clock was set back meanwhile.
    return waited < timedelta() or waited.total_seconds() >= interval


def clean_up_if_due(project_id: UUID) -> bool:
    """Clean up if due; when only room is needed, delete interactions only. Whether anything was done."""
    disk_usage.vacuum_rewritten()
    if not is_cleanup_due(project_id):
        return False
    if not is_interval_over(project_id) and delete_for_room(project_id):
        return True
    clean_up(Project.objects.get(pk=project_id))
    return True


def is_crowded(project_id: UUID) -> bool:
    """Whether storage is so full that cleanup must not wait for its interval."""
    if measure_claim(Project(pk=project_id)).is_over:
        return True
    return (
        disk_usage.measure_bytes_used() + disk_usage.measure_bytes_beside()
        > project_use.read_server_limit() * CROWDED
    )


def make_room(project_id: UUID) -> int:
    """Delete the oldest interactions once the project's room is nearly full, the part of a cleanup that
    cannot wait. Returns how many."""
    disk_usage.vacuum_rewritten()
    return delete_for_room(project_id)


def delete_for_room(project_id: UUID) -> int:
    claim = measure_claim(Project(pk=project_id))
    if not claim.is_over:
        return 0
    project = Project.objects.get(pk=project_id)
    total = count_recognized(project)
    needed = count_needed_for_room(project, claim, total)
    going = min(needed, total - count_examples(project))
    if going <= 0 or going < min(needed, max(LEAST, needed // PART)):
        return 0
    if connection.vendor == "sqlite":
        going = min(going, MOST)
    gone = forget_interactions(project, going)
    disk_usage.vacuum_forgotten(gone)
    record_cleanup(project, CleanupResult(False, interactions=gone))
    return gone


def clean_up(project: Project, *, dry_run: bool = False) -> CleanupResult:
    """Archive weak and surplus patterns, empty old trash, delete interactions beyond the limits."""
    config, plan = config_of(project.pk), forecast_cleanup(project)
    patterns = len(plan.weak), len(plan.surplus), len(plan.trash)
    before = plan.bytes_used
    if dry_run:
        return CleanupResult(True, *patterns, plan.interactions, before, before)
    with write_turn():
        storage = DatabasePatternStorage(project)
        since = compute_unused_since(config.cleanup_interval, find_newest_use(project))
        weak = storage.cleanup(config.confidence_threshold, since)
        storage.archive(plan.surplus, "memory", f"beyond {config.max_patterns:,} patterns")
        empty_trash(project, plan.trash)
        delete_old_history(project)
        learner = Learner.objects.lock(project.pk)
        learner.version += bool(weak or plan.surplus)
        learner.cleaned_at = timezone.now()
        learner.save(update_fields=["version", "cleaned_at"])
    gone = forget_interactions(project, plan.interactions)
    forgotten = forget_old_figures(project) + forget_surplus_feedback(project)
    disk_usage.give_back_space(gone + forgotten)
    done = CleanupResult(
        False, len(weak), *patterns[1:], gone, before, disk_usage.measure_bytes_used()
    )
    # What had to stay: `admission` does not demand less.
    cache.set("storage_floor", 0 if can_forget_more() else done.bytes_after, None)
    is_least = not can_forget_more(project)
    floor = measure_claim(project).bytes if is_least else 0
    cache.set(f"storage_floor:{project.pk}", floor, None)
    cache.delete(f"forecast:{project.pk}")
    record_cleanup(project, done)
    return done


def can_forget_more(project: Project | None = None) -> bool:
    """Whether the project (or any) has interactions that are not kept as examples."""
    rows = ModelInteraction.objects.order_by()
    if project:
        rows = rows.filter(project=project)
    return bool(rows.count() > count_examples(project))


def record_cleanup(project: Project, done: CleanupResult) -> None:
    """Record a cleanup in the activity, one line for all cleanups of an hour: at its limit a busy project
    cleans up every few seconds, and the lines must not fill the space that was freed."""
    if not done.total:
        return
    name = f"cleaned:{project.pk}"
    rounds, pk, before = cache.get(name) or (0, 0, CleanupResult(False))
    done, rounds = before + done, rounds + 1
    row = Activity.objects.filter(pk=pk).first()
    row = row or Activity(project=project, actor="memory", verb="cleanup")
    row.at, row.summary = timezone.now(), f"Cleaned up: {done}{format_rounds(rounds)}"
    row.save()
    cache.set(name, (rounds, row.pk, done), ONE_LINE_S)


def format_rounds(rounds: int) -> str:
    return f", in {rounds:,} rounds" if rounds > 1 else ""
