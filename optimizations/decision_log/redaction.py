"""Decisions are redacted like interactions: what is logged, not what the caller gets back."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from optimizations.engine.domain.task import Request, Task, TaskDecision
from patterns.redaction.redact import Hiding

NAMES = ("session_id", "model_id", "task_type")


def redact_request(redactor: Hiding, request: Request) -> Request:
    asked = request.task.session_id
    unit = redactor.redact_session(request.unit) if request.unit == asked else request.unit
    return replace(request, task=redact_task(redactor, request.task), unit=unit)


def redact_decision(redactor: Hiding, decision: TaskDecision) -> TaskDecision:
    return replace(
        decision,
        task=redact_task(redactor, decision.task),
        cached_output=redactor.redact_value(decision.cached_output),
        parameters_before=redact_parameters(redactor, decision.parameters_before),
        shadows=tuple(
            replace(wish, parameters=redact_parameters(redactor, wish.parameters))
            for wish in decision.shadows
        ),
    )


def redact_task(redactor: Hiding, task: Task) -> Task:
    session = task.session_id
    return replace(
        task,
        input=redactor.redact_value(task.input),
        parameters=redact_parameters(redactor, task.parameters),
        parts=redactor.redact_value(task.parts),
        session_id=redactor.redact_session(session) if session else session,
        model_id=redactor.redact_name(task.model_id),
        task_type=redactor.redact_name(task.task_type),
    )


def redact_parameters(redactor: Hiding, parameters: Any) -> Any:
    return redactor.redact_content({"parameters": parameters})["parameters"]


def redact_sent(redactor: Hiding, sent: dict[str, Any]) -> dict[str, Any]:
    named = {name: sent[name] for name in NAMES if isinstance(sent.get(name), str)}
    rest = {name: value for name, value in sent.items() if name not in named}
    return redactor.redact_content(rest) | {
        name: redactor.redact_session(value)
        if name == "session_id"
        else redactor.redact_name(value)
        for name, value in named.items()
    }
