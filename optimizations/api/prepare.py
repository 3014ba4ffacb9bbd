"""/api/v1/tasks/prepare/ and /api/v1/decisions/{id}/replay/."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.conf import settings
from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import decode_finite, translate_validation_error
from featurememory.http.openapi import described
from featurememory.http.request_body import read_body
from optimizations.decision_log import log
from optimizations.engine.domain.task import Task
from optimizations.prepare import Prepared, answer_to_json, prepare
from patterns.ingest.backpressure import admission
from patterns.ingest.member_names import CAMEL
from patterns.ingest.schema import Name, Optional, refuse_deep_nesting
from patterns.serializers import format_ms


class TaskIn(Struct):
    """The task; fields that are not listed here are returned unchanged."""

    model_id: Name
    input: Any
    task_type: Optional | None = None
    parameters: dict[str, Any] | None = None
    session_id: Optional | None = None
    parts: list[Any] | None = None


class PrepareIn(Struct):
    task: TaskIn
    models: Annotated[list[Name], Meta(max_length=1000)] | None = None
    dry_run: bool = False


class Prepare(Endpoint):
    scopes = {"POST": "ingest"}
    body_limit = settings.BODY_LIMIT
    holds_content = True

    @described("Ask how a task should run; the answer is a decision to report back", body=PrepareIn)
    @idempotent
    def post(self, request: Request) -> Response:
        raw = read_body(request._request, settings.BODY_LIMIT)
        refuse_deep_nesting(raw)
        sent = decode_finite(raw, dict[str, Any])
        if isinstance(sent.get("task"), dict):
            sent["task"] = {CAMEL.get(name, name): v for name, v in sent["task"].items()}
        order = check_order(sent)
        models = tuple(order.models) if order.models is not None else None
        task, project_id = sent["task"], key_of(request).project_id
        if not order.dry_run:
            admission.check(project_id)
        made = prepare(project_id, build_task(order), models, sent=task, dry_run=order.dry_run)
        if not order.dry_run:
            admission.count_stored(project_id, 0, len(raw) + log.ROW_BYTES)
        return Response(answer_to_json(made, task))


def check_order(sent: dict[str, Any]) -> PrepareIn:
    try:
        return msgspec.convert(sent, PrepareIn)
    except msgspec.ValidationError as error:
        raise translate_validation_error(error) from error


def build_task(order: PrepareIn) -> Task:
    return Task(
        model_id=order.task.model_id,
        input=order.task.input,
        task_type=order.task.task_type or "",
        parameters=order.task.parameters or {},
        session_id=order.task.session_id,
        parts=order.task.parts,
    )


class DecisionReplay(Endpoint):
    scopes = {"GET": "read"}

    @described("A decision again: the same answer, the question, and how its arms were drawn")
    def get(self, request: Request, decision_id: str) -> Response:
        if "\x00" in decision_id or len(decision_id) > 36:
            raise not_found("decision")
        log.catch_up()
        row = log.find_decisions(key_of(request).project_id, [decision_id], whole=True).get(
            decision_id
        )
        if row is None:
            raise not_found("decision")
        return Response(describe_decision(log.decode_record(row)))


def describe_decision(logged: log.DecisionRecord) -> dict[str, Any]:
    asked, decision = logged.request, logged.decision
    return {
        **answer_to_json(Prepared(decision, logged.patterns), logged.sent),
        "at": format_ms(logged.at),
        "question": {
            "task": logged.sent,
            "models": asked.models,
            "moment": format_ms(round(asked.at * 1000)),
            "recognizer_version": asked.recognizer_version,
        },
        "draws": [msgspec.to_builtins(draw) for draw in decision.draws],
        "price_version": decision.price_version,
        "unit_digest": decision.unit_digest,
    }
