"""Decides when a project is repaired, and saves the result.

`background_repair` repairs while learning continues; `consolidate_project` at once, while learning waits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.models import Activity, Project
from integration.repair.move_interactions import move_sampled, redirect_patterns
from patterns.engine.domain.results import Consolidation
from patterns.models import Learner, Pattern, PatternEvent
from patterns.recognition.lease import hold_lease, keep_lease_alive
from patterns.recognition.recognizer_cache import (
    LoadedRecognizer,
    PatternsChanged,
    recognizers,
    record_recognizer,
    set_snapshot,
)
from patterns.storage.database import DatabasePatternStorage
from patterns.storage.protocol import NO_USES

logger = logging.getLogger("featurememory.consolidation")

# A repair is due after AFTER learned interactions, at most once per PAUSE …
AFTER, PAUSE = 500, timedelta(seconds=60)
# … and in small projects, whose templates would otherwise stay unmined for days, after FEW, the first time
# at once and then at most once per REST …
FEW, REST = 10, timedelta(minutes=10)
# … except that a young project, in which one in MANY interactions founded a pattern, is repaired again after
# so many more interactions: there is something to repair, and first impressions are made now.
EARLY, EARLY_PAUSE, MANY = (20, 60, 200), timedelta(seconds=10), 10
# Repairs use a core, at low priority, for at most this share of the time.
SHARE = 0.05
_took: dict[UUID, float] = {}  # seconds of the last repair by this process
MORE_FOLLOWS = -1


def find_due() -> list[UUID]:
    """Projects that have learned enough since their last repair, the longest-waiting first."""
    rows = Learner.objects.filter(learned_since__gte=FEW).order_by(
        F("consolidated_at").asc(nulls_first=True)
    )
    named = rows.only("consolidated_at", "learned_since", "created_since", "repairs")
    return [row.pk for row in named if is_due(row)]


def is_due(row: Learner) -> bool:
    if row.consolidated_at is None:
        return True
    pause = max(choose_pause(row), timedelta(seconds=_took.get(row.pk, 0.0) / SHARE))
    return row.consolidated_at < timezone.now() - pause


def choose_pause(row: Learner) -> timedelta:
    """How long after its last repair a project is repaired again."""
    if row.learned_since >= AFTER:
        return PAUSE
    young = row.repairs <= len(EARLY)
    if young and row.created_since * MANY >= row.learned_since >= EARLY[max(0, row.repairs - 1)]:
        return EARLY_PAUSE
    return REST


def record_repair_time(project_id: UUID, seconds: float) -> None:
    _took[project_id] = seconds


def consolidate_project(project_id: UUID) -> Consolidation | None:
    """Repair the patterns of a project at once; None when somebody else is learning."""
    with hold_lease(project_id) as held:
        if not held:
            return None
        began = time.monotonic()
        try:
            with keep_lease_alive(project_id), recognizers.saved_or_dropped(project_id):
                loaded = recognizers.for_learning(project_id)
                forget_pruned(project_id, loaded)
                with loaded.lock:
                    done = loaded.recognizer.consolidate()
                save_consolidation(project_id, loaded, done)
        except PatternsChanged:
            return None
        record_repair_time(project_id, time.monotonic() - began)
        return done


def forget_pruned(project_id: UUID, loaded: LoadedRecognizer) -> None:
    """Drop sampled interactions of pruned patterns, so that they do not create the patterns again."""
    recognizer = loaded.recognizer
    gone = {
        sample.key for sample in recognizer.memory.reservoir
    } - recognizer.memory.patterns.owners.keys()
    names = [name for name in gone if is_uuid(name)]
    pruned: set[str] = set()
    for start in range(0, len(names), 500):
        rows = Pattern.objects.filter(project_id=project_id, pk__in=names[start : start + 500])
        trash = rows.filter(status="archived", redirect_to=None, state__isnull=False)
        pruned |= {str(pk) for pk in trash.values_list("pk", flat=True)}
    if pruned:
        with loaded.lock:
            for sample in recognizer.memory.reservoir.to_list():
                if sample.key in pruned:
                    recognizer.memory.reservoir.discard(sample.id)


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def save_consolidation(
    project_id: UUID,
    loaded: LoadedRecognizer,
    done: Consolidation,
    *,
    learned: int | None = None,
    also: Callable[[Consolidation], None] | None = None,
) -> None:
    """Save a repair in one transaction. PatternsChanged when somebody changed the patterns meanwhile.

    `learned`: how many interactions learned since the last repair this one has covered (None: all;
    MORE_FOLLOWS: the repair continues). `also` runs in the transaction, before interactions move.
    """
    project, recognizer = Project.objects.get(pk=project_id), loaded.recognizer
    changes = recognizer.take_changes()
    storage = DatabasePatternStorage(project, recognizer.version)
    # Prepared before the write turn, for which storing requests wait.
    made = storage.prepare_rows(map(recognizer.get, changes.changed), NO_USES)
    with write_turn():
        learner = Learner.objects.select_for_update().defer("snapshot").get(pk=project_id)
        if learner.version != loaded.version:
            raise PatternsChanged
        storage.write_rows(made)
        if also is not None:
            also(done)
        redirect_patterns(project, done.redirects)
        move_sampled(project, done.moved, done.redirects)
        storage.evict({eviction.id: eviction.reason for eviction in changes.evicted})
        record_changes(project, done)
        learner.version += 1
        if learned != MORE_FOLLOWS:
            seen = learner.learned_since if learned is None else learned
            learner.learned_since = max(0, learner.learned_since - seen)
            learner.consolidated_at = timezone.now()
            learner.created_since, learner.repairs = 0, learner.repairs + 1
        set_snapshot(learner, recognizer)
        record_recognizer(learner, recognizer)
        learner.save()
    loaded.version = learner.version


def record_changes(project: Project, done: Consolidation) -> None:
    """Add history entries for the changed patterns, and one line of activity."""
    PatternEvent.objects.bulk_create(
        PatternEvent(
            project=project,
            pattern_id=UUID(name),
            kind=change.kind,
            details={"sources": list(change.sources), "targets": list(change.targets)},
        )
        for change in done.changes
        for name in {*change.sources, *change.targets}
    )
    merged = sum(change.kind == "merged" for change in done.changes)
    split = len(done.changes) - merged
    if done.changes:
        Activity.objects.create(
            project=project,
            actor="memory",
            verb="consolidate",
            summary=f"Repaired patterns: {merged} merged, {split} split",
        )
