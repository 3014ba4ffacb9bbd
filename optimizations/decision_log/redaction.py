"""Decisions are redacted like interactions: what is logged, not what the caller gets back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from optimizations.engine.domain.task import Request, Task, TaskDecision
from patterns.redaction.redact import redact_name, redact_value


def redact_request(project_id: UUID, request: Request) -> Request:
    unit = redact_name(project_id, request.unit)
    return replace(request, task=redact_task(project_id, request.task), unit=unit)


def redact_decision(project_id: UUID, decision: TaskDecision) -> TaskDecision:
    return replace(
        decision,
        task=redact_task(project_id, decision.task),
        cached_output=redact_value(decision.cached_output),
        parameters_before=redact_value(decision.parameters_before),
    )


def redact_task(project_id: UUID, task: Task) -> Task:
    session = task.session_id
    return replace(
        task,
        input=redact_value(task.input),
        parameters=redact_value(task.parameters),
        parts=redact_value(task.parts),
        session_id=redact_name(project_id, session) if session else session,
        model_id=redact_name(project_id, task.model_id),
        task_type=redact_name(project_id, task.task_type),
    )


def redact_sent(project_id: UUID, sent: dict[str, Any]) -> dict[str, Any]:
    redacted: dict[str, Any] = redact_value(sent)
    for name in ("session_id", "model_id", "task_type"):
        if isinstance(sent.get(name), str):
            redacted[name] = redact_name(project_id, sent[name])
    return redacted
