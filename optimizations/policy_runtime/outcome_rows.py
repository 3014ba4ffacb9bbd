"""Interactions with their payloads, decisions, prices and feedback, as the engine's outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from optimizations.decision_log import log
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import Task, TaskDecision
from optimizations.model_catalog import PriceList
from patterns.models import Feedback, ModelInteraction, Payload
from patterns.storage.payloads import unpack_payload


def load_outcomes(project_id: UUID, numbers: Sequence[int]) -> dict[int, Outcome]:
    """The outcomes of these interactions, by number, in order; removed ones are left out."""
    if not numbers:
        return {}
    rows = ModelInteraction.objects.filter(pk__in=numbers).order_by("number")
    payloads = dict(Payload.objects.filter(pk__in=numbers).values_list("number", "data"))
    ids = {row.decision_id for row in rows if row.decision_id}
    made = log.find_decisions(project_id, ids, whole=True)
    prices, words = PriceList.of(project_id), load_verdicts(project_id, rows)
    found = {}
    for row in rows:
        logged = made.get(row.decision_id or "")
        own = logged is not None and logged.interaction == row.number
        decision = log.decode_record(logged).decision if logged is not None and own else None
        data = payloads.get(row.number)
        found[row.number] = build_outcome(
            row, bytes(data) if data else None, decision, prices, words.get(row.number)
        )
        if logged is not None and decision is not None:
            delay = max(0, row.received_at - logged.at) / 1000
            found[row.number] = msgspec.structs.replace(found[row.number], delay=delay)
    return found


VERDICT = "feedback"  # the metric name of people's feedback: true, false, or 0 to 1


def load_verdicts(project_id: UUID, rows: Iterable[ModelInteraction]) -> dict[int, float]:
    """The feedback of people on these interactions, by number; the latest counts."""
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
    """Whether it is true, false or 0 to 1; a text under this name is stored but judges nothing."""
    return isinstance(value, int | float) and 0 <= value <= 1


def build_outcome(
    row: ModelInteraction,
    data: bytes | None,
    decision: TaskDecision | None,
    prices: PriceList,
    verdict: float | None = None,
) -> Outcome:
    content = decode_payload(data)
    cached = decision is not None and decision.served_from_cache
    cost = row.cost
    if cost is None and not cached:
        cost = prices.price_row(row)
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
        cache_write_tokens=row.cache_write_tokens,
        reasoning_tokens=row.reasoning_tokens,
        extended_cache_write_tokens=row.extended_cache_write_tokens,
        output=content.get("output"),
        error=None if error is None else str(error)[:200],
        cached=cached,
        failed=row.has_failed,
    )


def decode_payload(data: bytes | None) -> dict[str, Any]:
    """The payload as JSON; empty when it is damaged or was deleted."""
    try:
        return unpack_payload(data) if data else {}
    except ValueError:
        return {}
