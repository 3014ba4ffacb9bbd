"""Outcomes find their decisions, and the evidence counts them: once each, whatever crashes when.

`join` runs in the transaction that learns interactions and only notes what came; `digest` lets the
engine count what was noted, and removes the notes in the transaction that saves the engine. An
engine that dies unsaved goes back to its last save, and so do the notes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from featurememory.database.write_lock import write_turn
from optimizations.decision_log import log
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import Decision, Task
from optimizations.model_catalog import PriceList
from optimizations.models import Decision as DecisionRow
from optimizations.models import PolicyState, WaitingOutcome
from optimizations.policy_runtime.policy_cache import Kept, policies
from optimizations.storage import OptimizationStorage
from patterns.models import Feedback, ModelInteraction, Payload
from patterns.recognition import late_feedback
from patterns.statistics import rollups
from patterns.storage.payloads import unpack_payload

# One digest counts at most so many: people who change something wait for it.
BATCH = 500
# The engine is saved this often while outcomes come; at once when an optimization changed state.
SAVE_S, SAVE_EVERY = 1.0, 500
TABLE = DecisionRow._meta.db_table


# --- in the transactions of learning and feedback -----------------------------------------------


def join(project_id: UUID, rows: Sequence[ModelInteraction]) -> None:
    """Notes recognised interactions for the evidence and gives each decision its interaction."""
    if not rows or not PolicyState.objects.filter(pk=project_id).exists():
        return
    log.log().absorb()
    decided = [row for row in rows if row.decision_id]
    if decided:
        hear_early_words(project_id, decided)
        found = log.find(project_id, {str(row.decision_id) for row in decided})
        claim(found, decided)
    WaitingOutcome.objects.bulk_create(
        [WaitingOutcome(project_id=project_id, interaction=row.number) for row in rows],
        batch_size=500,
    )


def claim(found: dict[str, DecisionRow], rows: Sequence[ModelInteraction]) -> None:
    """The first interaction of a decision is its outcome; later ones stand for themselves."""
    claimed = []
    for row in rows:
        made = found.get(str(row.decision_id))
        if made is not None and made.interaction is None:
            made.interaction = row.number
            claimed.append((row.number, made.number))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {TABLE} SET interaction = %s WHERE number = %s", claimed)


def hear_early_words(project_id: UUID, rows: Sequence[ModelInteraction]) -> None:
    """Feedback on a decision may come before its interaction: it holds from the start."""
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
    """A counted interaction has another success or score now; these are the values until now."""
    note_changes(row.project_id, {row.number: {"success": success, "score": score}})


def note_verdicts(project_id: UUID, rows: Sequence[ModelInteraction]) -> None:
    """People's verdict on these interactions is about to change: keep what it was until now."""
    counted = [row for row in rows if row.state == ModelInteraction.InteractionState.RECOGNIZED]
    known = verdicts(project_id, counted)
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


def digest(project_id: UUID, *, save: bool = False) -> int:
    """Lets the engine count what waits; how many interactions it was."""
    if not waiting(project_id):
        return 0
    with policies.changing(project_id) as kept:
        count = count_waiting(project_id, kept)
        steps = 0
        if kept.engine.review_due:
            with kept.lock:
                steps = len(kept.engine.review(kept.at))
        if save or steps or save_due(kept):
            save_policy(project_id, kept)
        return count


def digest_all() -> int:
    """Every project's waiting outcomes: those of feedback, and what a crash left behind."""
    ids = WaitingOutcome.objects.order_by().values_list("project_id", flat=True).distinct()
    return sum(digest(project_id) for project_id in list(ids))


def waiting(project_id: UUID) -> bool:
    return WaitingOutcome.objects.filter(project_id=project_id).exists()


def save_due(kept: Kept) -> bool:
    if connection.vendor != "sqlite":
        return True  # other processes decide by what is saved
    return time.monotonic() - kept.saved >= SAVE_S or len(kept.counted) >= SAVE_EVERY


def count_waiting(project_id: UUID, kept: Kept) -> int:
    notes = WaitingOutcome.objects.filter(project_id=project_id).order_by("pk")
    fresh = [note for note in notes[: BATCH + len(kept.counted)] if note.pk not in kept.counted]
    grouped: dict[int, list[WaitingOutcome]] = {}
    for note in fresh:
        grouped.setdefault(note.interaction, []).append(note)
    for number, outcome in outcomes_of(project_id, list(grouped)).items():
        count(kept, grouped[number], outcome)
    kept.counted.update(note.pk for note in fresh)
    return len(grouped)


def count(kept: Kept, notes: Sequence[WaitingOutcome], outcome: Outcome) -> None:
    """An interaction not counted before is observed as it is now; else the change is corrected."""
    with kept.lock:
        kept.moment = max(kept.moment, round(outcome.at * 1000))
        if any(note.before is None for note in notes):
            kept.engine.observe(outcome)
            return
        before: dict[str, Any] = {}
        for note in reversed(notes):  # the oldest tells what was counted
            before |= note.before or {}
        old = msgspec.structs.replace(outcome, **before)
        if old != outcome:
            kept.engine.correct(old, outcome)


def save_policy(project_id: UUID, kept: Kept) -> None:
    """One transaction: the engine, its optimizations, and the notes it has counted."""
    with kept.lock:
        changes, snapshot = kept.engine.take_changes(), kept.engine.snapshot()
    with write_turn():
        row, _ = PolicyState.objects.select_for_update().get_or_create(pk=project_id)
        if row.version != kept.version:
            raise RuntimeError("the policy was changed past its lock")
        OptimizationStorage(project_id).save(changes, kept.moment)
        counted = sorted(kept.counted)
        for start in range(0, len(counted), 500):
            WaitingOutcome.objects.filter(pk__in=counted[start : start + 500]).delete()
        row.snapshot, row.moment = snapshot, kept.moment
        row.version += 1
        row.save(update_fields=["snapshot", "moment", "version"])
    kept.version, kept.saved = row.version, time.monotonic()
    kept.counted.clear()


# --- rows as outcomes ---------------------------------------------------------------------------


def outcomes_of(project_id: UUID, numbers: Sequence[int]) -> dict[int, Outcome]:
    """The outcomes of these interactions, by number, in order; removed ones are left out."""
    if not numbers:
        return {}
    rows = ModelInteraction.objects.filter(pk__in=numbers).order_by("number")
    payloads = dict(Payload.objects.filter(pk__in=numbers).values_list("number", "data"))
    ids = {row.decision_id for row in rows if row.decision_id}
    made = log.find(project_id, ids, whole=True)
    prices, words = PriceList.of(project_id), verdicts(project_id, rows)
    found = {}
    for row in rows:
        logged = made.get(row.decision_id or "")
        own = logged is not None and logged.interaction == row.number
        decision = log.unpack(logged).decision if logged is not None and own else None
        data = payloads.get(row.number)
        found[row.number] = outcome_of(
            row, bytes(data) if data else None, decision, prices, words.get(row.number)
        )
    return found


VERDICT = "feedback"  # the metric of people's verdicts: true, false, or 0 to 1


def verdicts(project_id: UUID, rows: Iterable[ModelInteraction]) -> dict[int, float]:
    """What people said of these interactions, by number; the last word counts."""
    names: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        for target, name in (
            ("session", row.session_id),
            ("decision", row.decision_id),
            ("interaction", row.id),
        ):
            if name:
                names.setdefault((target, name), []).append(row.number)
    if not names:
        return {}
    words = Feedback.objects.filter(
        project_id=project_id,
        target__in=("interaction", "decision", "session"),
        target_id__in={name for _, name in names},
        metric_name=VERDICT,
    )
    found: dict[int, float] = {}
    for word in words.order_by("pk"):
        for number in names.get((word.target, word.target_id), ()):
            found.pop(number, None)
            if is_verdict(word.value):
                found[number] = float(word.value)
    return found


def is_verdict(value: Any) -> bool:
    """True, false or 0 to 1; a text under this name is kept, and judges nothing."""
    return isinstance(value, int | float) and 0 <= value <= 1


def outcome_of(
    row: ModelInteraction,
    data: bytes | None,
    decision: Decision | None,
    prices: PriceList,
    verdict: float | None = None,
) -> Outcome:
    content = contents(data)
    cached = decision is not None and decision.served_from_cache
    cost = row.cost
    if cost is None and not cached:
        cost = prices.cost(row.model_id, row.timestamp, row.input_tokens, row.output_tokens)
    task = Task(
        model_id=row.model_id,
        input=content.get("input"),
        task_type=row.task_type,
        parameters=content.get("parameters") or {},
        session_id=row.session_id,
        parts=decision.task.parts if decision else None,
    )
    error = content.get("error")
    return Outcome(
        id=row.id,
        task=task,
        model_id=row.model_id,
        at=row.timestamp / 1000,
        decision=decision,
        pattern_id=str(row.pattern_id) if row.pattern_id else None,
        success=row.success,
        score=row.score,
        feedback=verdict,
        cost=cost,
        duration=row.duration,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cached_input_tokens=row.cached_input_tokens,
        output=content.get("output"),
        error=None if error is None else str(error)[:200],
        cached=cached,
    )


def contents(data: bytes | None) -> dict[str, Any]:
    """A payload that is damaged or forgotten tells nothing."""
    try:
        return unpack_payload(data) if data else {}
    except ValueError:
        return {}
