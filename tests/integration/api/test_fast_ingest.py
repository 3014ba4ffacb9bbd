"""The short way in answers as the long way does."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as configured
from django.http import HttpRequest, HttpResponse
from django.test import Client

from integration.api.fast_ingest import ENDPOINTS, answer_ingest
from tests.builders import Caller, caller, item, items, project
from tests.integration.dialects.sent import CHAT, json_body, json_span

pytestmark = pytest.mark.django_db

LONG = [
    name for name in configured.MIDDLEWARE if name != "integration.api.fast_ingest.answer_ingest"
]
BOTH = pytest.mark.parametrize("middleware", [configured.MIDDLEWARE, LONG], ids=["short", "long"])


def answers(api: Caller, path: str, *bodies: Any, **more: Any) -> list[tuple[Any, ...]]:
    found = [api.post(path, body, **more) for body in bodies]
    return [(one.status_code, one["Content-Type"], told(one.json())) for one in found]


def told(body: Any) -> Any:
    """Without what differs from request to request."""
    for part in [body, *(entry["problem"] for entry in body.get("rejected", []))]:
        part.pop("request_id", None)
    return body


def both_ways(settings: Any, *given: Any, kind: str = "rw", **more: Any) -> list[Any]:
    found = []
    for middleware in (configured.MIDDLEWARE, LONG):
        settings.MIDDLEWARE = middleware
        found.append(answers(caller(project(), kind), *given, **more))
    return found


def test_what_is_stored_known_and_refused_is_answered_alike(settings: Any) -> None:
    sent = [item(1), item(1), {"model_id": 7}, b"{", [1], b""]
    short, long = both_ways(settings, "interactions/", *sent)

    assert short == long
    assert [status for status, *_ in short] == [201, 200, 422, 400, 422, 415]


def test_batches_are_answered_alike(settings: Any) -> None:
    short, long = both_ways(settings, "interactions/batch/", [*items(3), item(1), "text"], {})

    assert short == long
    assert [status for status, *_ in short] == [207, 422]


def test_a_key_without_the_scope_is_refused_alike(settings: Any) -> None:
    short, long = both_ways(settings, "interactions/", item(1), kind="ro")

    assert short == long
    assert short[0][0] == 403


def test_traces_are_answered_alike_in_the_form_they_were_sent(settings: Any) -> None:
    sent = [
        (json_body(json_span(CHAT)), "application/json"),
        (json_body({**json_span(CHAT), "spanId": "zz"}), "application/json"),
        (b"{", "application/json"),
        (b"\xff\xff", "application/x-protobuf"),
        (b"", "text/plain"),
    ]
    found = []
    for middleware in (configured.MIDDLEWARE, LONG):
        settings.MIDDLEWARE = middleware
        client = Client(headers=caller(project(), "in").headers)
        for body, kind in sent:
            for path in ("/v1/traces", "/api/public/otel/v1/traces"):
                one = client.post(path, body, content_type=kind)
                told = one.json() if "json" in one["Content-Type"] else one.content
                found.append((path, one.status_code, one["Content-Type"], without_id(told)))

    assert found[:10] == found[10:]
    assert [status for _, status, *_ in found[:10:2]] == [200, 200, 400, 400, 415]


def without_id(told: Any) -> Any:
    return {k: v for k, v in told.items() if k != "request_id"} if isinstance(told, dict) else told


@BOTH
def test_without_a_key_or_with_an_unknown_one_it_says_how_to_send_one(
    settings: Any, middleware: list[str]
) -> None:
    settings.MIDDLEWARE = middleware
    for headers in ({}, {"Authorization": "Bearer fm_rw_unknown_key"}):
        found = Client(headers=headers).post(
            "/api/v1/interactions/", item(1), content_type="application/json"
        )
        assert (found.status_code, found["WWW-Authenticate"][:6]) == (401, "Bearer")


@BOTH
def test_the_headers_of_every_answer_are_there(settings: Any, middleware: list[str]) -> None:
    settings.MIDDLEWARE = middleware
    found = caller(project(), "rw").post("interactions/", item(1))

    assert found["Content-Length"] == str(len(found.content))
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found.has_header("X-Request-ID")
    assert found.has_header("Content-Security-Policy")


@BOTH
def test_the_same_idempotency_key_gets_the_same_answer(
    settings: Any, middleware: list[str]
) -> None:
    settings.MIDDLEWARE = middleware
    api = caller(project(), "rw")
    headers = {"Idempotency-Key": "one"}
    first = api.post("interactions/", item(id=...), headers=headers)
    again = api.post("interactions/", item(id=...), headers=headers)

    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"


@BOTH
def test_an_unknown_host_is_refused(settings: Any, middleware: list[str]) -> None:
    settings.MIDDLEWARE = middleware
    client = Client(SERVER_NAME="evil.example")
    found = client.post("/api/v1/interactions/", item(1), content_type="application/json")
    assert found.status_code == 400


def test_everything_else_goes_the_long_way(rf: Any) -> None:
    def further(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.path)

    for path in ENDPOINTS:
        assert answer_ingest(further)(rf.get(path)).content == path.encode()
    assert answer_ingest(further)(rf.post("/api/v1/patterns/")).content == b"/api/v1/patterns/"
