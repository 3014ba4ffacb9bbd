"""Learns a batch of pending interactions: recognise, save, count."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from featurememory.process import request_priority
from integration.learning.pattern_changes import Batch, ChangedPatterns, save_patterns
from integration.learning.set_aside import note_if_slow, set_rows_aside
from optimizations.policy_runtime import outcomes
from optimizations.prices.pricing import price_rows
from optimizations.tracker import PerformanceTracker
from patterns.failed_records import MACHINE, PASSING
from patterns.list_figures import refresh_figures
from patterns.models import Learner, ModelInteraction, Payload
from patterns.recognition import late_feedback, lease
from patterns.recognition.recognizer_cache import (
    LoadedRecognizer,
    PatternsChanged,
    append_unsaved,
    recognizers,
    record_recognizer,
    set_snapshot,
)
from patterns.statistics.quantile_sketch import update_sketch
from patterns.statistics.rollups import HOUR_MS, lock_project_hour
from patterns.storage.payloads import Stored
from patterns.storage.stored_observations import observation_of

logger = logging.getLogger("featurememory.learning")

BATCH = 200
# Recognition yields to requests until it is this late: a burst is stored fast and recognised
# afterwards, while a lasting load is slowed down to the speed of recognition.
LATE_MS = 8_000
# A batch ends early after this time in the engine, so that slow inputs of one project hold up no other.
BATCH_MS = 2_000
TABLE = ModelInteraction._meta.db_table


@dataclass(frozen=True)
class LearnResult:
    """`count` interactions were recognised; `more`: others are pending; `busy`: another learner works."""

    count: int
    more: bool
    busy: bool = False


def learn_next_batch(project_id: UUID, limit: int = BATCH) -> LearnResult:
    """Recognise the oldest pending interactions of a project. All or nothing; safe to repeat."""
    with lease.hold_lease(project_id) as held:
        if not held:
            return LearnResult(0, more=True, busy=True)
        rows = read_pending(project_id, limit)
        if not rows and project_id not in late_feedback.find_waiting_projects():
            return LearnResult(0, more=False)
        try:
            count = learn_rows(project_id, rows)
            return LearnResult(count, more=len(rows) == limit or count < len(rows))
        except PatternsChanged:
            return LearnResult(0, more=True)


def learn_rows(project_id: UUID, rows: Sequence[ModelInteraction]) -> int:
    """Learn and save a batch; a row that cannot be saved is found by halving and set aside.

    Returns how many were recognised. Halving finds one bad row of 200 in 8 further tries.
    """
    try:
        with recognizers.saved_or_dropped(project_id):
            loaded = recognizers.for_learning(project_id)
            batch = recognise_rows(loaded, rows)
            save_batch(project_id, loaded, batch)
    except Exception as error:
        if isinstance(error, (PatternsChanged, *PASSING)) or not rows:
            raise
        if len(rows) == 1:
            confirm_learning_works(project_id)
            set_rows_aside([(rows[0], error)])
            return 0
        half = len(rows) // 2
        return learn_rows(project_id, rows[:half]) + learn_rows(project_id, rows[half:])
    return len(batch.rows)


def confirm_learning_works(project_id: UUID) -> None:
    """Save a batch of no rows: when that fails, too, the project is broken and not the row, and what is
    raised keeps its interactions pending."""
    learn_rows(project_id, [])


def read_pending(project_id: UUID, limit: int) -> list[ModelInteraction]:
    waiting = ModelInteraction.objects.pending().filter(project_id=project_id)
    return list(waiting.order_by("number")[:limit])


def recognise_rows(loaded: LoadedRecognizer, rows: Sequence[ModelInteraction]) -> Batch:
    """Learn the rows in order, as many as BATCH_MS allow; a row that the engine rejects fails alone."""
    numbers = [row.number for row in rows]
    hurried = is_in_a_hurry(rows)
    payloads = dict(Payload.objects.filter(pk__in=numbers).values_list("number", "data"))
    batch = Batch()
    for row in rows:
        try:
            observation = observation_of(row, content_of(row, payloads))
            began, worked = time.perf_counter(), time.thread_time()
            with loaded.lock:
                match = loaded.recognizer.learn_one(observation)
            batch.engine_ms.append((time.perf_counter() - began) * 1000)
            batch.rows.append((row, match))
            note_if_slow(row, time.thread_time() - worked, len(payloads[row.number]))
            if not hurried:
                request_priority.yield_after(time.perf_counter() - began)
        except Exception as error:
            if isinstance(error, MACHINE):
                raise
            batch.failed.append((row, error))
        if sum(batch.engine_ms) >= BATCH_MS:
            break
    return batch


def content_of(row: ModelInteraction, payloads: Mapping[int, Stored]) -> Stored:
    if row.number not in payloads:
        raise ValueError("its text is no longer kept")
    return payloads[row.number]


def is_in_a_hurry(rows: Sequence[ModelInteraction]) -> bool:
    """Whether recognition must not yield: it is late, or decisions depend on it. With outcomes seconds
    late, a fast caller used up a trial before anything was learned from it."""
    late = bool(rows) and lease.now_ms() - rows[0].received_at > LATE_MS
    return late or any(row.decision_id is not None for row in rows)


def save_batch(project_id: UUID, loaded: LoadedRecognizer, batch: Batch) -> None:
    """Save rows, patterns, rollups, hour and version in one transaction. Rows are prepared before it,
    because storing requests wait until it ends."""
    project = Project(pk=project_id)
    saving = ChangedPatterns(project, loaded, batch)
    with write_turn():
        learner = Learner.objects.select_for_update().defer("snapshot").get(pk=project_id)
        if learner.version != loaded.version:
            raise PatternsChanged
        mark_rows(batch, loaded.recognizer.version)
        set_rows_aside(batch.failed)
        reload_feedback(batch)
        price_rows(project_id, [row for row, _ in batch.rows])
        if apply_late_feedback(project_id, loaded):
            saving = ChangedPatterns(project, loaded, batch, saving)
        save_patterns(saving)
        PerformanceTracker(project_id).record(batch.rows)
        outcomes.link_decisions(project_id, [row for row, _ in batch.rows])
        refresh_figures(project_id, (match.pattern_id for _, match in batch.rows))
        count_hour(project_id, batch)
        record_progress(learner, loaded, batch)
    loaded.version = learner.version


def record_progress(learner: Learner, loaded: LoadedRecognizer, batch: Batch) -> None:
    learner.version += 1
    learner.learned_since += len(batch.rows)
    learner.created_since += sum(match.created for _, match in batch.rows)
    changed = ["version", "learned_since", "created_since", "unsaved", "recognizer"]
    record_recognizer(learner, loaded.recognizer)
    if is_snapshot_due(loaded, learner.learned_since, len(batch.rows)):
        set_snapshot(learner, loaded.recognizer)
        changed.append("snapshot")
    else:
        append_unsaved(learner, [row.number for row, _ in batch.rows])
    learner.save(update_fields=changed)


def is_snapshot_due(loaded: LoadedRecognizer, learned: int, count: int) -> bool:
    """Whether to save a snapshot; without one a restart replays the interactions since the last. After
    each twentieth of the sample: at most 3 MB, every 300 interactions."""
    step = max(1, len(loaded.recognizer.memory.reservoir) // 20)
    return learned // step != (learned - count) // step


def mark_rows(batch: Batch, version: str) -> None:
    now = lease.now_ms()
    done = [
        (to_uuid_text(match.pattern_id), match.confidence, now, version, row.number)
        for row, match in batch.rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {TABLE} SET pattern_id = %s, confidence = %s, recognized_at = %s, state = 1, "
            "recognizer_version = %s WHERE number = %s AND state = 0",
            done,
        )


def reload_feedback(batch: Batch) -> None:
    """Reload success and score of the rows, in case feedback arrived since they were read."""
    rows = {row.number: row for row, _ in batch.rows}
    current = ModelInteraction.objects.filter(pk__in=list(rows))
    for number, success, score in current.values_list("number", "success", "score"):
        rows[number].success, rows[number].score = success, score


def apply_late_feedback(project_id: UUID, loaded: LoadedRecognizer) -> bool:
    """Apply queued feedback on earlier interactions to their patterns; whether there was any."""
    with loaded.lock:
        found = late_feedback.take_judgements(project_id)
        for pattern_id, (quality, count) in found.items():
            loaded.recognizer.correct_quality(pattern_id, quality, count)
    return bool(found)


def to_uuid_text(pattern_id: str) -> str:
    """A UUID as stored in columns of this database."""
    return pattern_id if connection.features.has_native_uuid_field else UUID(pattern_id).hex


def count_hour(project_id: UUID, batch: Batch) -> None:
    """Count the batch in the current hour: interactions recognised and engine times."""
    row = lock_project_hour(project_id, lease.now_ms() // HOUR_MS)
    row.recognized += len(batch.rows)
    row.matched += sum(not match.created for _, match in batch.rows)
    row.recognition_ms = update_sketch(row.recognition_ms, batch.engine_ms)
    row.save(update_fields=["recognized", "matched", "recognition_ms"])


def find_waiting_projects() -> list[UUID]:
    """Projects with pending interactions, then those with queued feedback."""
    rows = ModelInteraction.objects.pending().order_by()
    pending = rows.values_list("project_id", flat=True).distinct()
    return list(dict.fromkeys([*pending, *late_feedback.find_waiting_projects()]))
