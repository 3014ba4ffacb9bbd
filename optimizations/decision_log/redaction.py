"""Decisions are redacted like interactions: what is logged, not what the caller gets back."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from optimizations.engine.domain.task import Request, Task, TaskDecision
from patterns.redaction.redactor import Redactor


def redact_request(redactor: Redactor, request: Request) -> Request:
    unit = redactor.redact_name(request.unit)
    return replace(request, task=redact_task(redactor, request.task), unit=unit)


def redact_decision(redactor: Redactor, decision: TaskDecision) -> TaskDecision:
    return replace(
        decision,
        task=redact_task(redactor, decision.task),
        cached_output=redactor.redact_value(decision.cached_output),
        parameters_before=redactor.redact_value(decision.parameters_before),
    )


def redact_task(redactor: Redactor, task: Task) -> Task:
    session = task.session_id
    return replace(
        task,
        input=redactor.redact_value(task.input),
        parameters=redactor.redact_value(task.parameters),
        parts=redactor.redact_value(task.parts),
        session_id=redactor.redact_name(session) if session else session,
        model_id=redactor.redact_name(task.model_id),
        task_type=redactor.redact_name(task.task_type),
    )


def redact_sent(redactor: Redactor, sent: dict[str, Any]) -> dict[str, Any]:
    redacted: dict[str, Any] = redactor.redact_value(sent)
    for name in ("session_id", "model_id", "task_type"):
        if isinstance(sent.get(name), str):
            redacted[name] = redactor.redact_name(sent[name])
    return redacted
