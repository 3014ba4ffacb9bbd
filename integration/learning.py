"""learn(): the whole write path of a batch, read like a list of steps."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error
from featurememory.models import Project
from featurememory.writes import write_turn
from optimizations import outcomes
from optimizations.tracker import PerformanceTracker
from patterns import judgements, lease
from patterns.engine.pattern import Match
from patterns.engine.recognizer import Changes
from patterns.memory import Kept, keep_numbers, keep_snapshot, memory, note_recognizer
from patterns.models import Learner, ModelInteraction, Pattern, PatternEvent, Payload
from patterns.observing import observation_of
from patterns.rollups import HOUR_MS, project_hour, sketch
from patterns.storage import DatabasePatternStorage

logger = logging.getLogger("featurememory.learning")

BATCH = 200
TABLE = ModelInteraction._meta.db_table


@dataclass
class Batch:
    """What became of a batch: rows with their match, engine times in ms, rows that failed."""

    rows: list[tuple[ModelInteraction, Match]] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    engine_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Learned:
    """`count` interactions were recognised; `more`: others wait."""

    count: int
    more: bool
    busy: bool = False


class Outdated(Exception):
    """Somebody changed the patterns (a prune, a merge) while the batch was being recognised."""


def learn(project_id: UUID, limit: int = BATCH) -> Learned:
    """Recognise the oldest pending interactions of a project. All or nothing; safe to repeat."""
    with lease.lease(project_id) as held:
        if not held:
            return Learned(0, more=True, busy=True)
        rows = pending(project_id, limit)
        if not rows and project_id not in judgements.waiting_projects():
            return Learned(0, more=False)
        kept = memory.for_learning(project_id)
        try:
            batch = recognise(kept, rows)
            keep(project_id, kept, batch)
        except Outdated:
            memory.drop(project_id)
            return Learned(0, more=True)
        except BaseException:
            memory.drop(project_id)  # it has learned what was not saved: read the saved state
            raise
        return Learned(len(batch.rows), more=len(rows) == limit)


def pending(project_id: UUID, limit: int) -> list[ModelInteraction]:
    waiting = ModelInteraction.objects.pending().filter(project_id=project_id)
    return list(waiting.order_by("number")[:limit])


def recognise(kept: Kept, rows: Sequence[ModelInteraction]) -> Batch:
    """Learn the rows one by one, in order; a row the engine cannot take fails alone."""
    numbers = [row.number for row in rows]
    payloads = dict(Payload.objects.filter(pk__in=numbers).values_list("number", "data"))
    batch = Batch()
    for row in rows:
        try:
            observation = observation_of(row, payloads[row.number])
            began = time.perf_counter()
            with kept.lock:
                match = kept.recognizer.learn_one(observation)
            batch.engine_ms.append((time.perf_counter() - began) * 1000)
            batch.rows.append((row, match))
        except Exception as error:
            refuse(row, error)
            batch.failed.append(row.number)
    return batch


def refuse(row: ModelInteraction, error: Exception) -> None:
    """Log why a row cannot be recognised; it is kept and can be tried again with `reprocess`."""
    known = FeatureMemoryError(
        f"Interaction {row.id!r} could not be recognised: {error!r:.200}",
        ErrorCode.RECOGNITION_FAILED,
        {"interaction_id": row.id, "number": row.number},
    )
    known.__cause__ = error
    handle_feature_memory_error(known)
    logger.debug("Recognition failed", exc_info=error)


def keep(project_id: UUID, kept: Kept, batch: Batch) -> None:
    """One transaction: rows, patterns, rollups, hour, version."""
    project = Project(pk=project_id)
    with write_turn():
        learner = Learner.objects.select_for_update().defer("snapshot").get(pk=project_id)
        if learner.version != kept.version:
            raise Outdated
        mark_rows(batch, kept.recognizer.version)
        hear_feedback(batch)
        hear_judgements(project_id, kept)
        save_patterns(project, kept, kept.recognizer.take_changes(), batch)
        PerformanceTracker(project_id).record(batch.rows)
        outcomes.join(project_id, [row for row, _ in batch.rows])
        count_hour(project_id, batch)
        learner.version += 1
        learner.learned_since += len(batch.rows)
        changed = ["version", "learned_since", "unsaved", "recognizer"]
        note_recognizer(learner, kept.recognizer)
        if examples_are_due(kept, learner.learned_since, len(batch.rows)):
            keep_snapshot(learner, kept.recognizer)
            changed.append("snapshot")
        else:
            keep_numbers(learner, [row.number for row, _ in batch.rows])
        learner.save(update_fields=changed)
    kept.version = learner.version


def examples_are_due(kept: Kept, learned: int, count: int) -> bool:
    """Whether to save the recogniser's sample of interactions, which a restart else learns again.
    Each twentieth of it: 3 MB at most, every 300 interactions."""
    step = max(1, len(kept.recognizer.reservoir) // 20)
    return learned // step != (learned - count) // step


def mark_rows(batch: Batch, version: str) -> None:
    now = lease.now_ms()
    done = [
        (str_id(match.pattern_id), match.confidence, now, version, row.number)
        for row, match in batch.rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {TABLE} SET pattern_id = %s, confidence = %s, recognized_at = %s, state = 1, "
            "recognizer_version = %s WHERE number = %s AND state = 0",
            done,
        )
    ModelInteraction.objects.filter(pk__in=batch.failed).update(state=2)


def hear_feedback(batch: Batch) -> None:
    """Feedback that came since the rows were read; from now on it corrects the rollups itself."""
    rows = {row.number: row for row, _ in batch.rows}
    told = ModelInteraction.objects.filter(pk__in=list(rows))
    for number, success, score in told.values_list("number", "success", "score"):
        rows[number].success, rows[number].score = success, score


def hear_judgements(project_id: UUID, kept: Kept) -> None:
    """Feedback on interactions counted before moves the quality of their patterns."""
    with kept.lock:
        for pattern_id, (quality, count) in judgements.take(project_id).items():
            kept.recognizer.correct_quality(pattern_id, quality, count)


def str_id(pattern_id: str) -> str:
    """A UUID as this database's column holds it."""
    return pattern_id if connection.features.has_native_uuid_field else UUID(pattern_id).hex


def save_patterns(project: Project, kept: Kept, changes: Changes, batch: Batch) -> None:
    storage = kept.storage
    uses: dict[str, int] = {}
    for _, match in batch.rows:
        uses[match.pattern_id] = uses.get(match.pattern_id, 0) + 1
    evicted = {eviction.id: eviction for eviction in changes.evicted}
    states = [kept.recognizer.get(name) for name in changes.changed]
    note_new_templates(project, states)
    storage.store(states)
    make_missing(project, uses, {state.id for state in states}, batch)
    rows = DatabasePatternStorage(project, kept.recognizer.version)
    rows.add_uses(uses)
    rows.evict({name: eviction.reason for name, eviction in evicted.items()})
    storage.forget(evicted)


def make_missing(project: Project, uses: dict[str, int], stored: set[str], batch: Batch) -> None:
    """A pattern founded and evicted within one batch still gets its row: its uses are counted."""
    missing = [name for name in uses if name not in stored]
    known = {str(pk) for pk in Pattern.objects.filter(pk__in=missing).values_list("pk", flat=True)}
    first = {match.pattern_id: row for row, match in reversed(batch.rows)}
    Pattern.objects.bulk_create(
        Pattern(
            id=UUID(name),
            project=project,
            model_id=first[name].model_id,
            task_type=first[name].task_type,
            use_count=0,
        )
        for name in missing
        if name not in known
    )


def note_new_templates(project: Project, states: Sequence[Any]) -> None:
    """A history entry for every pattern in use whose template reads differently now."""
    settled = {state.id: state for state in states if state.use_count >= 3}
    before = Pattern.objects.filter(pk__in=settled, use_count__gte=3)
    PatternEvent.objects.bulk_create(
        PatternEvent(
            project=project,
            pattern_id=pk,
            kind="template",
            template=settled[str(pk)].template_text[:4000],
            details={"before": template[:4000]},
        )
        for pk, template in before.values_list("pk", "template")
        if template != settled[str(pk)].template_text
    )


def count_hour(project_id: UUID, batch: Batch) -> None:
    """The hour by our clock: how much was recognised, and how long the engine took."""
    row = project_hour(project_id, lease.now_ms() // HOUR_MS)
    row.recognized += len(batch.rows)
    row.matched += sum(not match.created for _, match in batch.rows)
    row.recognition_ms = sketch(row.recognition_ms, batch.engine_ms)
    row.save(update_fields=["recognized", "matched", "recognition_ms"])


def waiting_projects() -> list[UUID]:
    """Projects with pending interactions, then those with late words on counted ones."""
    rows = ModelInteraction.objects.pending().order_by()
    pending = rows.values_list("project_id", flat=True).distinct()
    return list(dict.fromkeys([*pending, *judgements.waiting_projects()]))
