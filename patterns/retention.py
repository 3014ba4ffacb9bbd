"""Forgetting: weak patterns, old trash, and the oldest interactions beyond the size limit.

Bounded batches off the request path; each can stop anywhere and go on later.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.utils import timezone

from featurememory.config import config_of
from featurememory.models import Activity, FeatureMemoryConfig, Project, StoredAnswer
from featurememory.writes import write_turn
from patterns import space
from patterns.criteria import PatternCriteria
from patterns.models import Learner, ModelInteraction, Operation, Pattern, PatternEvent, Payload
from patterns.storage import DatabasePatternStorage, unused_since

BATCH = 2000
# Forgetting starts when this share of `storage.max_size` is used, so that the limit itself is not
# passed between two looks, and frees SLACK more than needed, so that it is not due again at once.
FULL, SLACK = 0.9, 0.1
# Interactions of each stored pattern that stay as its examples, however old.
EXAMPLES = 5
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


def due(project_id: UUID) -> bool:
    """Whether `cleanup_interval` has passed since the last cleanup, or the disk budget is passed."""
    learner, _ = Learner.objects.get_or_create(pk=project_id)
    config = config_of(project_id)
    if learner.cleaned_at is None:
        Learner.objects.filter(pk=project_id).update(cleaned_at=timezone.now())
        return False
    waited = timezone.now() - learner.cleaned_at
    is_full = space.bytes_used() > config.max_size * FULL
    return is_full or waited.total_seconds() >= config.cleanup_interval


def cleanup(project: Project, *, dry_run: bool = False) -> Receipt:
    """Weak patterns, surplus patterns, old trash, and interactions beyond `storage.max_size`."""
    config, before = config_of(project.pk), space.bytes_used()
    weak = weak_patterns(project, config.confidence_threshold, config.cleanup_interval)
    surplus = surplus_patterns(project, config.max_patterns, weak)
    old = old_trash(project)
    excess = interactions_beyond(project, config, before)
    found = Receipt(dry_run, len(weak), len(surplus), len(old), excess, before, before)
    if dry_run:
        return found
    with write_turn():
        storage = DatabasePatternStorage(project)
        storage.archive(weak, "memory", f"below {config.confidence_threshold:.2f} and unused")
        storage.archive(surplus, "memory", f"beyond {config.max_patterns:,} patterns")
        empty(project, old)
        expire(project)
        learner, _ = Learner.objects.select_for_update().get_or_create(pk=project.pk)
        learner.version += bool(weak or surplus)
        learner.cleaned_at = timezone.now()
        learner.save(update_fields=["version", "cleaned_at"])
    gone = forget_interactions(project, excess)
    space.give_back(gone)
    done = Receipt(False, len(weak), len(surplus), len(old), gone, before, space.bytes_used())
    # What had to stay: `admission` does not wait for less.
    cache.set("storage_floor", done.bytes_after, None)
    tell(project, done)
    return done


def newest_use(project: Project) -> datetime:
    """The newest timestamp seen: replayed history is judged by its own time, not the clock."""
    newest = ModelInteraction.objects.filter(project=project).order_by("-number")
    moment = newest.values_list("timestamp", flat=True).first()
    return datetime.fromtimestamp(moment / 1000, UTC) if moment else timezone.now()


def weak_patterns(project: Project, threshold: float, interval_s: int) -> list[str]:
    since = unused_since(interval_s, newest_use(project))
    criteria = PatternCriteria(max_confidence=threshold, used_before=since, pinned=False)
    rows = criteria.apply(Pattern.objects.filter(project=project))
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def surplus_patterns(project: Project, limit: int, going: list[str]) -> list[str]:
    """Beyond `max_patterns` the least used go first, the longest unused among equals."""
    staying = Pattern.objects.stored().filter(project=project).exclude(pk__in=going)
    surplus = max(0, staying.count() - limit)
    rows = staying.filter(pinned=False).order_by("use_count", "last_used")
    return [str(pk) for pk in rows.values_list("pk", flat=True)[:surplus]]


def old_trash(project: Project) -> list[str]:
    """Archived for longer than Undo reaches back. Redirects of merges stay."""
    limit = timezone.now() - timedelta(days=Operation.LIFETIME_DAYS)
    rows = Pattern.objects.filter(project=project, status="archived", archived_at__lt=limit)
    full = rows.filter(redirect_to__isnull=True, state__isnull=False)
    return [str(pk) for pk in full.values_list("pk", flat=True)]


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


def interactions_beyond(project: Project, config: FeatureMemoryConfig, used: int) -> int:
    """How many of the oldest interactions must go for size, count and age to be kept."""
    rows = ModelInteraction.objects.filter(project=project).exclude(state=0)
    total = rows.count()
    excess = max(0, total - config.max_interactions) if config.max_interactions else 0
    if used > config.max_size * FULL:
        share = 1 - config.max_size * (FULL - SLACK) / used
        excess = max(excess, min(total, int(total * share) + 1))
    if config.max_age:
        oldest = newest_use(project) - timedelta(days=config.max_age)
        old = rows.filter(timestamp__lt=int(oldest.timestamp() * 1000))
        excess = max(excess, old.count())
    return excess


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
