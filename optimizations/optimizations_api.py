"""/api/v1/optimizations/, /policy/ and /savings/."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.api import Endpoint, body_of, listing
from featurememory.errors import FeatureMemoryError, invalid, not_found
from featurememory.idempotency import idempotent
from featurememory.keyset import limit_from, page
from featurememory.openapi import described
from featurememory.wire import key_of
from optimizations.manager import VERBS, OptimizationManager
from optimizations.models import Optimization
from optimizations.serializers import optimization, optimization_detail
from patterns.contract import Name, Optional
from patterns.criteria import moment
from patterns.curation import parse_id
from patterns.models import Pattern

__all__ = ["VERBS"]

ADVICE = 200
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
        limit = limit_from(query.get("limit"))
        rows = narrowed(Optimization.objects.filter(project_id=key_of(request).project_id), query)
        found = page(rows, "-number", query.get("cursor"), limit, key="number")
        return listing(request, found, [optimization(row) for row in found.rows], limit)

    @described("Store an optimization by hand, as a candidate", body=OptimizationIn, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        given = body_of(request, OptimizationIn)
        manager = OptimizationManager(key_of(request).project)
        pattern = named_pattern(request, given)
        task_type = pattern.task_type if pattern else given.task_type or ""
        made = manager.store_optimization(
            given.type,
            given.params,
            pattern=pattern,
            task_type=task_type,
            model_id=given.model_id or "",
            actor=actor(request),
        )
        return Response(optimization_detail(made), status=201)


def named_pattern(request: Request, given: OptimizationIn) -> Pattern | None:
    if given.pattern_id is None:
        if given.task_type is None:
            raise invalid(
                "name a pattern_id, or a task_type for all of its patterns", "/pattern_id"
            )
        return None
    try:
        pattern_id = parse_id(given.pattern_id)
    except FeatureMemoryError:
        raise invalid("is no pattern id", "/pattern_id") from None
    rows = Pattern.objects.filter(project_id=key_of(request).project_id)
    row = rows.filter(pk=pattern_id).first()
    if row is not None and row.redirect_to:
        row = rows.filter(pk=row.redirect_to).first()
    if row is None:
        raise not_found("pattern")
    return row


def narrowed(rows: Any, query: Any) -> Any:
    if value := query.get("status"):
        names = value.split(",")
        if unknown := sorted(set(names) - set(Optimization.Status.values)):
            raise invalid(f"there is no status {unknown[0][:40]!r}", "/status")
        rows = rows.filter(status__in=names)
    if value := query.get("type"):
        if "\x00" in value:
            raise invalid("must not contain NUL", "/type")
        rows = rows.filter(type=value)
    if value := query.get("pattern_id"):
        rows = rows.filter(pattern_id=parse_id(value))
    return rows


def find(request: Request, optimization_id: str) -> Optimization:
    if "\x00" in optimization_id or len(optimization_id) > 64:
        raise not_found("optimization")
    rows = Optimization.objects.filter(project_id=key_of(request).project_id)
    row = rows.filter(id=optimization_id).first()
    if row is None:
        raise not_found("optimization")
    return row


def actor(request: Request) -> str:
    return f"key {key_of(request).name or key_of(request).public}"[:150]


class OptimizationDetail(Endpoint):
    scopes = {"GET": "read"}

    @described("Show one optimization with its evidence and its history")
    def get(self, request: Request, optimization_id: str) -> Response:
        return Response(optimization_detail(find(request, optimization_id)))


class Advice(Endpoint):
    scopes = {"GET": "read"}

    @described("What a person could do, what there is nothing to gain from, what needs more time")
    def get(self, request: Request) -> Response:
        found = OptimizationManager(key_of(request).project).findings()[:ADVICE]
        data = [{**msgspec.to_builtins(one), "pattern_id": one.pattern_id or None} for one in found]
        return Response({"data": data})


class Word(Struct):
    """`reason` is kept in the history."""

    reason: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] | None = None


class OptimizationVerb(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 14

    @described("Pin, block, suspend or retire it (unpin, unblock, resume take it back)", body=Word)
    @idempotent
    def post(self, request: Request, optimization_id: str, verb: str) -> Response:
        row = find(request, optimization_id)
        body_of(request, Word)
        manager = OptimizationManager(key_of(request).project)
        return Response(optimization_detail(manager.act(row.id, verb, actor(request))))


class CachePurge(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 14

    @described("Forget all cached answers of the project at once", body=Word)
    @idempotent
    def post(self, request: Request) -> Response:
        body_of(request, Word)
        count = OptimizationManager(key_of(request).project).purge_cache(actor(request))
        return Response({"purged": count})


class Policy(Endpoint):
    scopes = {"GET": "read"}

    @described("The whole decision table, for deciding in the caller's process; signed, with ETag")
    def get(self, request: Request) -> Response | HttpResponse:
        table = OptimizationManager(key_of(request).project).policy_table()
        body = msgspec.json.encode(table, order="deterministic")
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        if tag in [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]:
            response = HttpResponse(status=304)
        else:
            response = Response(msgspec.Raw(body))
            # Whoever holds the key knows its secret; we keep that secret's BLAKE2b digest only.
            secret = key_of(request).digest.encode()
            signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
            response["X-Policy-Signature"] = f"hmac-sha256={signature}"
        response["ETag"] = tag
        response["Cache-Control"] = "private, no-cache"
        return response


class Savings(Endpoint):
    scopes = {"GET": "read"}

    @described(
        "The ledger: saved as estimated, as verified, and lost, each with its interval",
        query={"from": "RFC 3339 time, inclusive", "to": "RFC 3339 time, exclusive"},
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        since = moment(query["from"], "/from").timestamp() if query.get("from") else 0.0
        until = moment(query["to"], "/to").timestamp() if query.get("to") else 253_402_300_799.0
        if until < since:
            raise invalid("lies before from", "/to")
        found = OptimizationManager(key_of(request).project).savings(since, until)
        return Response(msgspec.to_builtins(found))
