"""Links outcomes to their decisions, and lets the engine count each exactly once, despite crashes.

`link_decisions` runs in the transaction that learns interactions and only queues them;
`count_outcomes` lets the engine count the queue, and removes it in the transaction that saves the
engine. An engine that dies unsaved goes back to its last save, and so does the queue.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from featurememory.database.write_lock import write_turn
from optimizations.decision_log import log
from optimizations.engine.domain.outcome import Outcome
from optimizations.models import Decision, PolicyState, ShadowAnswer, WaitingOutcome
from optimizations.policy_runtime import arm_hours
from optimizations.policy_runtime.evaluated_rows import save_evaluated
from optimizations.policy_runtime.failed_outcomes import load_each, set_outcome_aside
from optimizations.policy_runtime.outcome_rows import load_verdicts
from optimizations.policy_runtime.policy_cache import LoadedPolicy, policies
from optimizations.policy_runtime.shadow_pairs import count_pairs, has_due, save_pairs
from optimizations.storage import OptimizationStorage
from patterns.models import Feedback, ModelInteraction
from patterns.recognition import late_feedback
from patterns.statistics import rollups

# Outcomes counted at once: people who change something wait for that long.
BATCH = 500
# The engine is saved this often while outcomes come; at once when an optimization changed state.
SAVE_S, SAVE_EVERY = 1.0, 500
TABLE = Decision._meta.db_table


# --- in the transactions of learning and feedback -----------------------------------------------


def link_decisions(project_id: UUID, rows: Sequence[ModelInteraction]) -> None:
    """Queues recognised interactions for the engine and links each decision to its interaction."""
    if not rows or not PolicyState.objects.filter(pk=project_id).exists():
        return
    log.decision_log().absorb()
    decided = [row for row in rows if row.decision_id]
    if decided:
        apply_early_feedback(project_id, decided)
        found = log.find_decisions(project_id, {str(row.decision_id) for row in decided})
        claim_decisions(found, decided)
    WaitingOutcome.objects.bulk_create(
        [WaitingOutcome(project_id=project_id, interaction=row.number) for row in rows],
        batch_size=500,
    )


def claim_decisions(found: dict[str, Decision], rows: Sequence[ModelInteraction]) -> None:
    """Makes the first interaction of a decision its outcome; later ones count as undecided."""
    claimed = []
    for row in rows:
        made = found.get(str(row.decision_id))
        if made is not None and made.interaction is None:
            made.interaction = row.number
            claimed.append((row.number, made.number))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {TABLE} SET interaction = %s WHERE number = %s", claimed)


def apply_early_feedback(project_id: UUID, rows: Sequence[ModelInteraction]) -> None:
    """Applies feedback on a decision that arrived before its interaction."""
    by_decision = {str(row.decision_id): row for row in rows}
    words = Feedback.objects.filter(
        project_id=project_id,
        target="decision",
        target_id__in=list(by_decision),
        metric_name__in=("success", "score"),
    )
    for word in words.order_by("pk"):
        row = by_decision[word.target_id]
        before = rollups.outcome_of(row)
        setattr(row, word.metric_name, word.value)
        ModelInteraction.objects.filter(pk=row.pk).update(**{word.metric_name: word.value})
        after = rollups.outcome_of(row)
        rollups.correct_outcome(project_id, before, after)
        late_feedback.queue_judgement(project_id, before, after)


def note_correction(row: ModelInteraction, success: bool | None, score: float | None) -> None:
    """Queues a correction: success or score changed, these are the values until now."""
    note_changes(row.project_id, {row.number: {"success": success, "score": score}})


def note_verdicts(project_id: UUID, rows: Sequence[ModelInteraction]) -> None:
    """Queues a correction: feedback on these interactions is about to change, keep what it was."""
    counted = [row for row in rows if row.state == ModelInteraction.InteractionState.RECOGNIZED]
    known = load_verdicts(project_id, counted)
    note_changes(project_id, {row.number: {"feedback": known.get(row.number)} for row in counted})


def note_changes(project_id: UUID, before: dict[int, dict[str, Any]]) -> None:
    if not before or not PolicyState.objects.filter(pk=project_id).exists():
        return
    WaitingOutcome.objects.bulk_create(
        [
            WaitingOutcome(project_id=project_id, interaction=number, before=values)
            for number, values in before.items()
        ],
        batch_size=500,
    )


# --- the evidence -------------------------------------------------------------------------------


def count_outcomes(project_id: UUID, *, save: bool = False) -> int:
    """Lets the engine count the queued outcomes; returns how many interactions that were."""
    if not has_waiting(project_id):
        return 0
    with policies.changing(project_id) as kept:
        count = count_waiting(project_id, kept)
        steps = 0
        if kept.engine.review_due:
            with kept.lock:
                steps = len(kept.engine.review(kept.at))
        if save or steps or is_save_due(kept):
            save_policy(project_id, kept)
        return count


def find_waiting_projects() -> list[UUID]:
    """Projects with a queue: outcomes changed by feedback, and those a crash left behind."""
    rows = WaitingOutcome.objects.order_by().values_list("project_id", flat=True).distinct()
    pairs = ShadowAnswer.objects.filter(due=True).order_by()
    return list({*rows, *pairs.values_list("project_id", flat=True).distinct()})


def has_waiting(project_id: UUID) -> bool:
    return WaitingOutcome.objects.filter(project_id=project_id).exists() or has_due(project_id)


def is_save_due(kept: LoadedPolicy) -> bool:
    if connection.vendor != "sqlite":
        return True  # other processes decide by what is saved
    unsaved = len(kept.counted) + len(kept.paired)
    return time.monotonic() - kept.saved >= SAVE_S or unsaved >= SAVE_EVERY


def count_waiting(project_id: UUID, kept: LoadedPolicy) -> int:
    notes = WaitingOutcome.objects.filter(project_id=project_id).order_by("pk")
    fresh = [note for note in notes[: BATCH + len(kept.counted)] if note.pk not in kept.counted]
    grouped: dict[int, list[WaitingOutcome]] = {}
    for note in fresh:
        grouped.setdefault(note.interaction, []).append(note)
    for number, outcome in load_each(project_id, grouped).items():
        try:
            count_outcome(kept, grouped[number], outcome)
        except Exception as error:
            set_outcome_aside(project_id, grouped[number], error)
    kept.counted.update(note.pk for note in fresh)
    return len(grouped) + count_pairs(project_id, kept)


def count_outcome(kept: LoadedPolicy, notes: Sequence[WaitingOutcome], outcome: Outcome) -> None:
    """Observes an interaction that was not counted before; else corrects what has changed."""
    with kept.lock:
        kept.moment = max(kept.moment, round(outcome.at * 1000))
        if any(note.before is None for note in notes):
            kept.engine.observe(outcome)
            arm_hours.note_outcome(kept.arms, outcome)
            return
        before: dict[str, Any] = {}
        for note in reversed(notes):  # the oldest note holds what was counted
            before |= note.before or {}
        old = msgspec.structs.replace(outcome, **before)
        if old != outcome:
            kept.engine.correct(old, outcome)
            arm_hours.note_outcome(kept.arms, old, -1)
            arm_hours.note_outcome(kept.arms, outcome)


def save_policy(project_id: UUID, kept: LoadedPolicy) -> None:
    """Saves the engine and its optimizations, and removes what it counted: in one transaction."""
    with kept.lock:
        changes, snapshot = kept.engine.take_changes(), kept.engine.snapshot()
    with write_turn():
        row, _ = PolicyState.objects.select_for_update().get_or_create(pk=project_id)
        if row.version != kept.version:
            raise RuntimeError("the policy was changed without its lock")
        OptimizationStorage(project_id).save(changes, kept.moment)
        arm_hours.save_sums(project_id, kept.arms)
        counted = sorted(kept.counted)
        for start in range(0, len(counted), 500):
            WaitingOutcome.objects.filter(pk__in=counted[start : start + 500]).delete()
        save_pairs(kept.paired)
        save_evaluated(kept.evaluated)
        row.snapshot, row.moment = snapshot, kept.moment
        row.version += 1
        row.save(update_fields=["snapshot", "moment", "version"])
    kept.version, kept.saved = row.version, time.monotonic()
    kept.counted.clear()
    kept.paired.clear()
    kept.evaluated.clear()
