"""Scored answers to tasks that are no traffic: how they come in, by the privacy of their project."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.http.finite_numbers import require_finite
from featurememory.http.json_body import decode_json
from optimizations.evaluation_sets.task_texts import (
    Person,
    add_people,
    digest_task,
    keep_choices,
    pack_task,
)
from optimizations.models import EvaluationTask
from patterns.ingest.backpressure import admission
from patterns.ingest.schema import Name, Optional, Quantity, Share, Usage, refuse_deep_nesting
from patterns.redaction.redact import Hiding, redactor_of

MOST_TASKS = 20_000  # of a project
MOST_ANSWERS = 100  # of a task
SetName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class EvaluationIn(Struct, forbid_unknown_fields=True):
    """One answer of one model to one task. `score` or `success` is required; `session_id` and `tags` say
    whose task it is, so that it can be erased."""

    model_id: Name
    input: Any
    task_type: Optional = ""
    parameters: dict[str, Any] = {}
    score: Share | None = None
    success: bool | None = None
    usage: Usage | None = None
    cost: Quantity | None = None
    duration: Quantity | None = None
    set: SetName = "default"
    session_id: Name | None = None
    tags: dict[str, Any] | None = None

    @property
    def person(self) -> Person:
        given = {"session_id": self.session_id, "tags": self.tags}
        return {name: value for name, value in given.items() if value}


def parse_answer(raw: bytes) -> EvaluationIn:
    refuse_deep_nesting(raw)
    found = decode_json(raw, EvaluationIn)
    require_finite(raw)
    if found.score is None and found.success is None:
        raise invalid("score (0 to 1) or success (true or false) is required", "/score", "required")
    return found


def store_answers(project_id: UUID, given: list[EvaluationIn]) -> tuple[int, int]:
    """Adds answers to their tasks; how many tasks and answers are new. What was compared already
    stays as it was counted."""
    admission.check(project_id)
    redactor = redactor_of(project_id)
    grouped: dict[tuple[str, str], list[EvaluationIn]] = {}
    for one in given:
        if redactor is not None:
            hide_content(redactor, one)
        grouped.setdefault((one.set, digest_task(one.task_type, one.input)), []).append(one)
    with write_turn():
        known = find_known(project_id, list(grouped))
        check_room(project_id, len(grouped) - len(known))
        rows = [
            merge_answers(known.get(key) or build_task(project_id, key, answers[0]), answers)
            for key, answers in grouped.items()
        ]
        before = sum(len(row.answers) for row in known.values())
        save_tasks(rows)
    return len(grouped) - len(known), sum(len(row.answers) for row in rows) - before


def hide_content(redactor: Hiding, one: EvaluationIn) -> None:
    """As an interaction with this content would be stored, so that both still are the same task."""
    given = {"input": one.input, "parameters": one.parameters, "tags": one.tags or {}}
    hidden = redactor.redact_content(given)
    one.input, one.parameters, one.tags = (hidden[name] for name in given)
    one.set, one.model_id = redactor.redact_name(one.set)[:100], redactor.redact_name(one.model_id)
    one.task_type = one.task_type and redactor.redact_name(one.task_type)
    one.session_id = one.session_id and redactor.redact_session(one.session_id)


def find_known(
    project_id: UUID, keys: list[tuple[str, str]]
) -> dict[tuple[str, str], EvaluationTask]:
    rows = EvaluationTask.objects.select_for_update().filter(
        project_id=project_id, digest__in={digest for _, digest in keys}
    )
    wanted = set(keys)
    found = {(row.set_name, row.digest): row for row in rows}
    return {key: row for key, row in found.items() if key in wanted}


def check_room(project_id: UUID, more: int) -> None:
    if more and EvaluationTask.objects.filter(project_id=project_id).count() + more > MOST_TASKS:
        raise FeatureMemoryError(
            f"A project keeps at most {MOST_TASKS:,} evaluated tasks: delete a set first.",
            ErrorCode.TOO_LARGE,
        )


def build_task(project_id: UUID, key: tuple[str, str], one: EvaluationIn) -> EvaluationTask:
    return EvaluationTask(
        project_id=project_id,
        set_name=key[0],
        digest=key[1],
        task_type=one.task_type,
        at=time.time_ns() // 1_000_000,
        data=pack_task(one.input),
    )


def merge_answers(row: EvaluationTask, given: list[EvaluationIn]) -> EvaluationTask:
    """The last answer of a model with the same parameters counts."""
    found = {key_of(one): one for one in row.answers}
    for one in given:
        # Its texts are no longer kept: those of new answers are not, either.
        answer = describe_answer(one) if row.data else keep_choices(describe_answer(one))
        found[key_of(answer)] = answer
    if len(found) > MOST_ANSWERS:
        raise invalid(f"one task has at most {MOST_ANSWERS} answers", "/input")
    row.answers = list(found.values())
    add_people(row, [one.person for one in given if one.person])
    return row


def key_of(answer: dict[str, Any]) -> str:
    parts = [answer["model_id"], answer.get("parameters") or {}]
    return msgspec.json.encode(parts, order="deterministic").decode()


def describe_answer(one: EvaluationIn) -> dict[str, Any]:
    usage = msgspec.to_builtins(one.usage) if one.usage else {}
    values = {
        **usage,
        "model_id": one.model_id,
        "parameters": one.parameters,
        "score": one.score,
        "success": one.success,
        "cost": one.cost if one.cost is not None else usage.get("cost"),
        "duration": one.duration,
    }
    return {name: value for name, value in values.items() if value is not None}


def save_tasks(rows: list[EvaluationTask]) -> None:
    fresh = [row for row in rows if row.pk is None]
    EvaluationTask.objects.bulk_create(fresh, batch_size=200)
    old = [row for row in rows if row not in fresh]
    EvaluationTask.objects.bulk_update(old, ["answers", "data"], batch_size=200)
