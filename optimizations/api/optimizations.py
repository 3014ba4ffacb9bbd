"""/api/v1/optimizations/: list, store, show, and what people do with one."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import FeatureMemoryError, invalid, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from featurememory.http.pagination import parse_limit, read_page
from optimizations.api.experiment_schema import DETAIL
from optimizations.manager import VERBS, OptimizationManager
from optimizations.models import Optimization, OptimizationStatus, ShadowAnswer
from optimizations.serializers import serialize_detail, serialize_optimization
from optimizations.shadow_answers.disagreements import (
    find_unjudged,
    list_disagreements,
    load_pairs,
)
from patterns.criteria import parse_id
from patterns.ingest.schema import Name, Optional
from patterns.models import Pattern

__all__ = ["VERBS"]
FILTERS = {
    "status": "candidate, shadow, trial, active, suspended, retired, rejected; several with commas",
    "type": "route_model, tune_parameters, …",
    "pattern_id": "Only those of this pattern",
}


class OptimizationIn(Struct):
    type: Name
    params: dict[str, Any] = {}
    pattern_id: str | None = None
    task_type: Optional | None = None
    model_id: Optional | None = None


class Optimizations(Endpoint):
    scopes = {"GET": "read", "POST": "edit"}
    body_limit = 1 << 20

    @described("List optimizations, newest first", many=True, query=FILTERS)
    def get(self, request: Request) -> Response:
        query = request.query_params
        limit = parse_limit(query.get("limit"))
        rows = filter_rows(
            Optimization.objects.filter(project_id=key_of(request).project_id), query
        )
        found = read_page(rows, "-number", query.get("cursor"), limit, key="number")
        return respond_with_page(
            request, found, [serialize_optimization(row) for row in found.rows], limit
        )

    @described("Store an optimization by hand, as a candidate", body=OptimizationIn, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        given = body_of(request, OptimizationIn)
        manager = OptimizationManager(key_of(request).project)
        pattern = find_pattern(request, given)
        task_type = pattern.task_type if pattern else given.task_type or ""
        made = manager.store_optimization(
            given.type,
            given.params,
            pattern=pattern,
            task_type=task_type,
            model_id=given.model_id or "",
            actor=key_of(request).actor,
        )
        return Response(serialize_detail(made), status=201)


def find_pattern(request: Request, given: OptimizationIn) -> Pattern | None:
    if given.pattern_id is None:
        if given.task_type is None:
            raise invalid(
                "name a pattern_id, or a task_type for all of its patterns", "/pattern_id"
            )
        return None
    try:
        pattern_id = parse_id(given.pattern_id)
    except FeatureMemoryError:
        raise invalid("is not a pattern id", "/pattern_id") from None
    rows = Pattern.objects.filter(project_id=key_of(request).project_id)
    row = rows.filter(pk=pattern_id).first()
    if row is not None and row.redirect_to:
        row = rows.filter(pk=row.redirect_to).first()
    if row is None:
        raise not_found("pattern")
    return row


def filter_rows(rows: Any, query: Any) -> Any:
    if value := query.get("status"):
        names = value.split(",")
        if unknown := sorted(set(names) - set(OptimizationStatus.values)):
            raise invalid(f"there is no status {unknown[0][:40]!r}", "/status")
        rows = rows.filter(status__in=names)
    if value := query.get("type"):
        if "\x00" in value:
            raise invalid("must not contain NUL", "/type")
        rows = rows.filter(type=value)
    if value := query.get("pattern_id"):
        rows = rows.filter(pattern_id=parse_id(value))
    return rows


def find_optimization(request: Request, optimization_id: str) -> Optimization:
    if "\x00" in optimization_id or len(optimization_id) > 64:
        raise not_found("optimization")
    rows = Optimization.objects.filter(project_id=key_of(request).project_id)
    row = rows.filter(id=optimization_id).first()
    if row is None:
        raise not_found("optimization")
    return row


class OptimizationDetail(Endpoint):
    scopes = {"GET": "read"}

    @described("Show one optimization with its evidence and its history", answer=DETAIL)
    def get(self, request: Request, optimization_id: str) -> Response:
        return Response(serialize_detail(find_optimization(request, optimization_id)))


class Disagreements(Endpoint):
    scopes = {"GET": "read"}

    @described(
        "Pairs of answers that differ, oldest first; verdicts go to POST /feedback/",
        many=True,
        query={"all": "1: those that agree, are scored or judged as well"},
    )
    def get(self, request: Request, optimization_id: str) -> Response:
        row = find_optimization(request, optimization_id)
        rows = list_disagreements(row.project_id, row.id)
        if request.query_params.get("all") == "1":
            rows = ShadowAnswer.objects.filter(project_id=row.project_id, optimization_id=row.id)
        else:
            rows = find_unjudged(rows)
        limit = parse_limit(request.query_params.get("limit"))
        found = read_page(rows, "number", request.query_params.get("cursor"), limit, key="number")
        pairs = [pair.to_json() for pair in load_pairs(row.project_id, found.rows)]
        return respond_with_page(request, found, pairs, limit)


class ReasonIn(Struct):
    """`reason` is stored with the history."""

    reason: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] | None = None


class OptimizationVerb(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 14

    @described(
        "Pin, block, suspend or retire it (unpin, unblock, resume take it back)", body=ReasonIn
    )
    @idempotent
    def post(self, request: Request, optimization_id: str, verb: str) -> Response:
        row = find_optimization(request, optimization_id)
        reason = body_of(request, ReasonIn).reason or ""
        manager = OptimizationManager(key_of(request).project)
        return Response(serialize_detail(manager.act(row.id, verb, key_of(request).actor, reason)))
