"""Texts of decisions that were made long enough ago: figures, arms and names stay."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import zstandard
from django.core.cache import cache
from msgspec.structs import replace

from featurememory.database.write_lock import write_turn
from optimizations.decision_log.log import DecisionRecord, decode_record
from optimizations.engine.domain.task import Task
from optimizations.models import Decision
from patterns.retention import project_use

BATCH, KNOWN_S = 500, 86_400
LONGEST = 64  # characters of a parameter that is a choice and no text
NAMES = ("model_id", "task_type", "session_id")


def strip_decisions(project_id: UUID, limit: int) -> int:
    """Take the texts from the oldest decisions made before this moment (ms), at most BATCH of them;
    how many were looked at."""
    place = f"decision_texts_until:{project_id}"
    rows = Decision.objects.filter(project_id=project_id, number__gt=cache.get(place, 0))
    old = [row for row in rows.order_by("number")[:BATCH] if row.at < limit]
    if not old:
        return 0
    before = sum(len(row.data) for row in old)
    changed = [row for row in old if strip_row(row)]
    with write_turn():
        Decision.objects.bulk_update(changed, ["data"], batch_size=100)
    project_use.add_bytes(project_id, decisions=sum(len(row.data) for row in old) - before)
    cache.set(place, old[-1].number, KNOWN_S)
    return len(old)


def strip_row(row: Decision) -> bool:
    """Whether it had texts."""
    try:
        logged = decode_record(row)
    except (msgspec.DecodeError, zstandard.ZstdError):  # damaged: nobody can read it
        return False
    stripped = strip_record(logged)
    row.data = zstandard.compress(msgspec.msgpack.encode(stripped), 3)
    return stripped != logged


def strip_record(logged: DecisionRecord) -> DecisionRecord:
    decision, sent = logged.decision, logged.sent
    kept = {name: sent[name] for name in NAMES if name in sent}
    return replace(
        logged,
        request=replace(logged.request, task=strip_task(logged.request.task)),
        decision=replace(
            decision,
            task=strip_task(decision.task),
            cached_output=None,
            parameters_before=strip_parameters(decision.parameters_before),
            shadows=tuple(
                replace(wish, parameters=strip_parameters(wish.parameters))
                for wish in decision.shadows
            ),
        ),
        sent=kept,
    )


def strip_task(task: Task) -> Task:
    return replace(task, input=None, parts=None, parameters=strip_parameters(task.parameters))


def strip_parameters(given: Any) -> Any:
    """Numbers and choices such as "json" stay; what may be a text does not."""
    if not isinstance(given, dict):
        return given
    return {name: value for name, value in given.items() if is_choice(value)}


def is_choice(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float) or is_short(value)


def is_short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST
