"""Consolidation: patterns are merged and split as the examples say, and saved as a whole.

`repairs` does it in the background; `consolidate` here and now, while learning waits.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from featurememory.models import Activity, Project
from featurememory.writes import write_turn
from patterns import rollups
from patterns.engine.pattern import Consolidation
from patterns.lease import kept_alive, lease
from patterns.memory import Kept, keep_snapshot, memory, note_recognizer
from patterns.models import Learner, ModelInteraction, Pattern, PatternEvent
from patterns.storage import NO_USES, DatabasePatternStorage

logger = logging.getLogger("featurememory.consolidation")

# After so many learned interactions, but not more often than this …
AFTER, PAUSE = 500, timedelta(seconds=60)
# … and for small projects, whose templates would else stay unmined for days: after a few, at first
# at once and then at most this often.
FEW, REST = 10, timedelta(minutes=10)
# Repairs take a core, though at the lowest priority: at most this share of the time.
SHARE = 0.05
_took: dict[UUID, float] = {}  # seconds of the last repair by this process
MORE_FOLLOWS = -1


def due(project_id: UUID) -> bool:
    learners = Learner.objects.filter(pk=project_id, learned_since__gte=FEW)
    row = learners.defer("snapshot").first()
    if row is None:
        return False
    pause = PAUSE if row.learned_since >= AFTER else REST
    pause = max(pause, timedelta(seconds=_took.get(project_id, 0.0) / SHARE))
    return row.consolidated_at is None or row.consolidated_at < timezone.now() - pause


def took(project_id: UUID, seconds: float) -> None:
    _took[project_id] = seconds


def consolidate(project_id: UUID) -> Consolidation | None:
    """Repair the patterns of a project here and now; None when somebody else is learning."""
    with lease(project_id) as held:
        if not held:
            return None
        began = time.monotonic()
        with kept_alive(project_id):
            kept = memory.for_learning(project_id)
            try:
                forget_pruned(project_id, kept)
                with kept.lock:
                    done = kept.recognizer.consolidate()
                saved = save(project_id, kept, done)
            except BaseException:
                memory.drop(project_id)  # it has changed what was not saved
                raise
        if not saved:
            memory.drop(project_id)
            return None
        took(project_id, time.monotonic() - began)
        return done


def forget_pruned(project_id: UUID, kept: Kept) -> None:
    """Examples of patterns in the trash found no pattern again."""
    recognizer = kept.recognizer
    gone = {sample.key for sample in recognizer.reservoir} - recognizer.owners.keys()
    names = [name for name in gone if is_uuid(name)]
    pruned: set[str] = set()
    for start in range(0, len(names), 500):
        rows = Pattern.objects.filter(project_id=project_id, pk__in=names[start : start + 500])
        trash = rows.filter(status="archived", redirect_to=None, state__isnull=False)
        pruned |= {str(pk) for pk in trash.values_list("pk", flat=True)}
    if pruned:
        with kept.lock:
            for sample in recognizer.reservoir.to_list():
                if sample.key in pruned:
                    recognizer.reservoir.discard(sample.id)


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def save(
    project_id: UUID,
    kept: Kept,
    done: Consolidation,
    *,
    learned: int | None = None,
    also: Callable[[Consolidation], None] | None = None,
) -> bool:
    """Everything or nothing; False when somebody changed the patterns meanwhile.

    `learned` is how many of the interactions learned since the last repair this one has seen (None:
    all); MORE_FOLLOWS says that the repair goes on. `also` is called in the same
    transaction, before interactions move.
    """
    project, recognizer = Project.objects.get(pk=project_id), kept.recognizer
    changes = recognizer.take_changes()
    storage = DatabasePatternStorage(project, recognizer.version)
    # Made before the turn: requests that store wait until that ends.
    made = storage.made(map(recognizer.get, changes.changed), NO_USES)
    with write_turn():
        learner = Learner.objects.select_for_update().defer("snapshot").get(pk=project_id)
        if learner.version != kept.version:
            return False
        storage.put(made)
        if also is not None:
            also(done)
        redirect(project, done.redirects)
        move(project, done.moved, done.redirects)
        storage.evict({eviction.id: eviction.reason for eviction in changes.evicted})
        note(project, done)
        learner.version += 1
        if learned != MORE_FOLLOWS:
            seen = learner.learned_since if learned is None else learned
            learner.learned_since = max(0, learner.learned_since - seen)
            learner.consolidated_at = timezone.now()
        keep_snapshot(learner, recognizer)
        note_recognizer(learner, recognizer)
        learner.save()
    kept.version = learner.version
    return True


def redirect(project: Project, redirects: dict[str, str]) -> None:
    from patterns.curation import apply_merge

    uses = dict(
        Pattern.objects.filter(project=project, pk__in=list(redirects)).values_list(
            "pk", "use_count"
        )
    )
    by_target: dict[str, dict[str, int]] = {}
    for source in redirects:
        if UUID(source) in uses:
            by_target.setdefault(end_of(source, redirects), {})[source] = uses[UUID(source)]
    for target, sources in by_target.items():
        apply_merge(project, sources, target)


def end_of(name: str, redirects: Mapping[str, str]) -> str:
    """Where a chain of redirects ends."""
    for _ in redirects:
        name = redirects.get(name, name)
    return name


def move(project: Project, moved: Mapping[str, str], redirects: Mapping[str, str]) -> None:
    """Interactions of the reservoir go to their new pattern; counts and rollups follow exactly."""
    ends = {target: end_of(target, redirects) for target in set(moved.values())}
    move_some(project, {name: ends[target] for name, target in moved.items()})


def move_some(project: Project, wanted: Mapping[str, str]) -> int:
    """Recognised interactions (id to pattern) go there, unless a merge leads there anyway; how
    many moved. Use counts and rollups change with them."""
    names, left = sorted(wanted, key=lambda name: (wanted[name], name)), []
    for start in range(0, len(names), 500):
        left += _move_part(project, {name: wanted[name] for name in names[start : start + 500]})
    rollups.sketch_again(project.pk, left)
    return len(left)


def _move_part(project: Project, wanted: Mapping[str, str]) -> list[rollups.Outcome]:
    """What was taken from the patterns the interactions left."""
    found = list(ModelInteraction.objects.filter(project=project, id__in=list(wanted), state=1))
    owners = owners_of(project, {str(row.pattern_id) for row in found})
    rows = [row for row in found if owners[str(row.pattern_id)] != wanted[row.id]]
    before = [rollups.outcome_of(row) for row in rows]
    targets = [wanted[row.id] for row in rows]
    after = [replace(one, pattern_id=to) for one, to in zip(before, targets, strict=True)]
    rollups.subtract(project.pk, before)
    rollups.add(project.pk, after, totals=False)
    uses = Counter(targets)
    uses.subtract(Counter(owners[one.pattern_id] for one in before))
    for target in uses.keys() & set(targets):
        numbers = [row.pk for row in rows if wanted[row.id] == target]
        ModelInteraction.objects.filter(pk__in=numbers).update(pattern_id=UUID(target))
    DatabasePatternStorage(project).add_uses({name: n for name, n in uses.items() if n})
    return before


def owners_of(project: Project, names: set[str]) -> dict[str, str]:
    """Who holds the uses of these patterns: themselves, or whom they were ever merged into."""
    merged = Pattern.objects.filter(project=project, pk__in=names, redirect_to__isnull=False)
    found = {str(pk): str(to) for pk, to in merged.values_list("pk", "redirect_to")}
    return {name: found.get(name, name) for name in names}


def note(project: Project, done: Consolidation) -> None:
    """History entries for the patterns, and one line of activity for the whole."""
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
            summary=f"Consolidated: {merged} merged, {split} split",
        )
