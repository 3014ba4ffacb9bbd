"""Forgetting: weak patterns, old trash, and the oldest interactions beyond the size limit.

Bounded batches off the request path; each can stop anywhere and go on later.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.utils import timezone

from featurememory.config import config_of
from featurememory.models import Activity, Project, StoredAnswer
from featurememory.writes import write_turn
from patterns import space
from patterns.forecast import EXAMPLES, FULL, forecast, newest_use
from patterns.models import Learner, ModelInteraction, Pattern, PatternEvent, Payload
from patterns.storage import DatabasePatternStorage, unused_since

BATCH = 2000
# Names of patterns that nothing points to any more, deleted in one cleanup.
NAMES = 5000
HISTORY = timedelta(days=365)


@dataclass(frozen=True)
class Receipt:
    """What a cleanup took, or (`dry_run`) would take."""

    dry_run: bool
    weak_patterns: int = 0
    surplus_patterns: int = 0
    emptied_trash: int = 0
    interactions: int = 0
    bytes_before: int = 0
    bytes_after: int = 0

    def as_dict(self) -> dict[str, int | bool]:
        return asdict(self)

    @property
    def total(self) -> int:
        return self.weak_patterns + self.surplus_patterns + self.emptied_trash + self.interactions


# Of `storage.max_size`, log and free pages included: from here on they are given back.
CROWDED = 0.95


def due(project_id: UUID) -> bool:
    """Whether `cleanup_interval` has passed since the last cleanup, or the disk budget is passed."""
    learner, _ = Learner.objects.defer("snapshot", "unsaved").get_or_create(pk=project_id)
    config = config_of(project_id)
    if learner.cleaned_at is None:
        Learner.objects.filter(pk=project_id).update(cleaned_at=timezone.now())
        return False
    waited = timezone.now() - learner.cleaned_at
    limit, used = space.limit(config.max_size), space.bytes_used()
    is_full = used > limit * FULL or used + space.bytes_beside() > limit * CROWDED
    # In the future: the clock was set back meanwhile.
    return is_full or waited < timedelta() or waited.total_seconds() >= config.cleanup_interval


def cleanup(project: Project, *, dry_run: bool = False) -> Receipt:
    """Weak patterns, surplus patterns, old trash, and interactions beyond the limits of storage."""
    config, plan = config_of(project.pk), forecast(project)
    patterns = len(plan.weak), len(plan.surplus), len(plan.trash)
    before = plan.bytes_used
    if dry_run:
        return Receipt(True, *patterns, plan.interactions, before, before)
    with write_turn():
        storage = DatabasePatternStorage(project)
        since = unused_since(config.cleanup_interval, newest_use(project))
        weak = storage.cleanup(config.confidence_threshold, since)
        storage.archive(plan.surplus, "memory", f"beyond {config.max_patterns:,} patterns")
        empty(project, plan.trash)
        expire(project)
        learner, _ = Learner.objects.select_for_update().get_or_create(pk=project.pk)
        learner.version += bool(weak or plan.surplus)
        learner.cleaned_at = timezone.now()
        learner.save(update_fields=["version", "cleaned_at"])
    gone = forget_interactions(project, plan.interactions)
    space.give_back(gone)
    done = Receipt(False, len(weak), *patterns[1:], gone, before, space.bytes_used())
    # What had to stay: `admission` does not wait for less. What still waits to be recognised can go
    # soon; while there is any, nothing has shown that it had to stay.
    waits = ModelInteraction.objects.pending().order_by().exists()
    cache.set("storage_floor", 0 if waits else done.bytes_after, None)
    cache.delete(f"forecast:{project.pk}")
    tell(project, done)
    return done


def empty(project: Project, ids: list[str]) -> None:
    """The engine's state goes; the row stays as a name while interactions point to it."""
    Pattern.objects.filter(project=project, pk__in=ids).update(state=None, size_bytes=0)
    pointed_to = ModelInteraction.objects.filter(project=project, pattern_id=OuterRef("pk"))
    gone = Pattern.objects.filter(project=project, status="archived", state__isnull=True)
    unused = gone.filter(~Exists(pointed_to), redirect_to__isnull=True)
    names = list(unused.values_list("pk", flat=True)[:NAMES])
    PatternEvent.objects.filter(project=project, pattern_id__in=names).delete()
    Pattern.objects.filter(pk__in=names).delete()


def expire(project: Project) -> None:
    limit = timezone.now() - HISTORY
    PatternEvent.objects.filter(project=project, at__lt=limit).delete()
    Activity.objects.filter(project=project, at__lt=limit).delete()
    StoredAnswer.objects.filter(created_at__lt=timezone.now() - timedelta(days=1)).delete()


def forget_interactions(project: Project, count: int) -> int:
    """The oldest recognised interactions with their payloads, except the newest EXAMPLES of each
    stored pattern; rollups and patterns stay. How many went."""
    gone, after = 0, 0
    while gone < count:
        with write_turn():
            rows = ModelInteraction.objects.filter(project=project, number__gt=after)
            oldest = list(rows.exclude(state=0).order_by("number")[:BATCH])
            if not oldest:
                break
            after = oldest[-1].number
            doomed = without_examples(project, oldest)[: count - gone]
            forget(project, doomed)
        gone += len(doomed)
    return gone


def without_examples(project: Project, rows: list[ModelInteraction]) -> list[ModelInteraction]:
    """The rows that are not among the newest of their pattern."""
    ids = {row.pattern_id for row in rows if row.pattern_id is not None}
    stored = set(
        Pattern.objects.stored().filter(project=project, pk__in=ids).values_list("pk", flat=True)
    )
    first_kept: dict[UUID | None, int] = {name: first_example(project, name) for name in stored}
    return [row for row in rows if row.number < first_kept.get(row.pattern_id, row.number + 1)]


def first_example(project: Project, pattern_id: UUID) -> int:
    """The number from which on a pattern's interactions are kept as its examples."""
    rows = ModelInteraction.objects.filter(project=project, pattern_id=pattern_id)
    newest = list(rows.order_by("-number").values_list("number", flat=True)[:EXAMPLES])
    return newest[-1]


def forget(project: Project, rows: list[ModelInteraction]) -> None:
    numbers = [row.number for row in rows]
    remember_forgotten(project, max((row.timestamp for row in rows), default=0))
    Payload.objects.filter(pk__in=numbers).delete()
    ModelInteraction.objects.filter(pk__in=numbers)._raw_delete(using="default")


def remember_forgotten(project: Project, newest: int) -> None:
    """Up to here the rollups can no longer be counted again: see `rollups.recount`."""
    learner = Learner.objects.filter(pk=project.pk, forgotten_until__lt=newest)
    learner.update(forgotten_until=newest)


def tell(project: Project, done: Receipt) -> None:
    if done.total:
        Activity.objects.create(
            project=project,
            actor="memory",
            verb="cleanup",
            summary=f"Cleaned up: {done.weak_patterns + done.surplus_patterns} patterns to the "
            f"trash, {done.emptied_trash} out of it, {done.interactions:,} old interactions",
        )
