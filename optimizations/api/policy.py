"""Endpoints about the whole policy: decision table, savings, advice, purge of the cache."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from optimizations.api.optimizations import ReasonIn
from optimizations.manager import OptimizationManager
from patterns.criteria import parse_moment

ADVICE = 200


class AdviceList(Endpoint):
    scopes = {"GET": "read"}

    @described(
        "Advice: what a person could do, where there is nothing to gain, what needs more time"
    )
    def get(self, request: Request) -> Response:
        found = OptimizationManager(key_of(request).project).findings()[:ADVICE]
        data = [{**msgspec.to_builtins(one), "pattern_id": one.pattern_id or None} for one in found]
        return Response({"data": data})


class CachePurge(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 14

    @described("Forget all cached answers of the project at once", body=ReasonIn)
    @idempotent
    def post(self, request: Request) -> Response:
        reason = body_of(request, ReasonIn).reason or ""
        manager = OptimizationManager(key_of(request).project)
        count = manager.purge_cache(key_of(request).actor, reason)
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


class SavingsReport(Endpoint):
    scopes = {"GET": "read"}

    @described(
        "The ledger: saved as estimated, as verified, and lost, each with its interval",
        query={"from": "RFC 3339 time, inclusive", "to": "RFC 3339 time, exclusive"},
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        since = parse_moment(query["from"], "/from").timestamp() if query.get("from") else 0.0
        until = (
            parse_moment(query["to"], "/to").timestamp() if query.get("to") else 253_402_300_799.0
        )
        if until < since:
            raise invalid("lies before from", "/to")
        found = OptimizationManager(key_of(request).project).savings(since, until)
        return Response(msgspec.to_builtins(found))
