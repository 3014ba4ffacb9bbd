"""The ways in over HTTP: who may, in which form, and what is answered."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from uuid import UUID

import pytest
import zstandard
from django.http import HttpResponse
from google.rpc import status_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as proto

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.dialects.otlp.wire import write_bytes
from integration.models import ApiKey
from patterns.ingest import writer
from patterns.ingest.backpressure import admission
from patterns.models import ModelInteraction
from tests.builders import client, key_of, project
from tests.integration.dialects.sent import CHAT, json_body, json_span, wire_request, wire_span
from tests.integration.dialects.test_litellm import FAILURE, payload
from tests.web import member

pytestmark = pytest.mark.django_db
PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACES, LITELLM = "/v1/traces", "/api/v1/ingest/litellm/"
BODIES = {PROTOBUF: wire_request(wire_span(CHAT)), JSON: json_body(json_span(CHAT))}
MIXED = {
    PROTOBUF: wire_request(wire_span(CHAT), wire_span(CHAT, 1, span_id=b"")),
    JSON: json_body(json_span(CHAT), json_span(CHAT, spanId="zz")),
}


@pytest.fixture
def owner() -> Project:
    return project()


def post(
    owner: Project,
    body: bytes,
    kind: str = JSON,
    path: str = TRACES,
    key: str = "ad",
    **headers: str,
) -> Any:
    given = {"Authorization": f"Bearer {key_of(owner, key)}"} if key else {}
    return client().generic("POST", path, body, kind, headers=given | headers)


def count(owner: Project) -> int:
    return int(ModelInteraction.objects.filter(project=owner).count())


def rejected_in(answer: HttpResponse) -> int:
    if answer["Content-Type"] == JSON:
        return int(json.loads(answer.content).get("partialSuccess", {}).get("rejectedSpans", 0))

    response = proto.ExportTraceServiceResponse.FromString(answer.content)
    return int(response.partial_success.rejected_spans)


@pytest.mark.parametrize("path", [TRACES, "/api/public/otel/v1/traces", "/v1/traces/"])
@pytest.mark.parametrize("kind", BODIES)
def test_spans_are_taken_and_answered_in_their_own_form(
    owner: Project, kind: str, path: str
) -> None:
    answer = post(owner, BODIES[kind], kind, path)

    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    assert rejected_in(answer) == 0
    assert count(owner) == 1


@pytest.mark.parametrize("pack", ["gzip", "zstd"])
@pytest.mark.parametrize("kind", BODIES)
def test_bodies_may_be_compressed(owner: Project, kind: str, pack: str) -> None:
    packed = {"gzip": gzip.compress, "zstd": zstandard.compress}[pack](BODIES[kind])

    assert post(owner, packed, kind, **{"Content-Encoding": pack}).status_code == 200
    assert count(owner) == 1


@pytest.mark.parametrize("kind", MIXED)
def test_bad_spans_are_a_partial_success(owner: Project, kind: str) -> None:
    answer = post(owner, MIXED[kind], kind)

    assert (answer.status_code, rejected_in(answer)) == (200, 1)
    assert b"spanId" in answer.content
    assert count(owner) == 1


def test_a_charset_and_capitals_do_not_matter(owner: Project) -> None:
    assert post(owner, BODIES[JSON], "Application/JSON; charset=utf-8").status_code == 200


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("kind", ["in", "rw", "ad"])
def test_keys_come_as_bearer_basic_or_header(owner: Project, kind: str) -> None:
    key = key_of(owner, kind)
    for headers in (
        {"Authorization": f"Bearer {key}"},
        {"Authorization": basic("pk-lf-anything", key)},
        {"Authorization": basic(key, "")},
        {"X-API-Key": key},
    ):
        assert post(owner, BODIES[JSON], key="", **headers).status_code == 200


PATHS = [TRACES, "/v1/logs", "/v1/metrics", "/api/public/otel/v1/traces", LITELLM]


@pytest.mark.parametrize("path", PATHS)
def test_a_key_is_needed_and_must_be_one_to_send_with(owner: Project, path: str) -> None:
    assert post(owner, b"{}", path=path, key="").status_code == 401
    assert post(owner, b"{}", path=path, key="", Authorization="Basic !!!").status_code == 401
    assert post(owner, b"{}", path=path, key="ro").status_code == 403
    assert client().get(path, headers={"X-API-Key": key_of(owner)}).status_code == 405
    assert count(owner) == 0


REFUSED: dict[str, tuple[bytes, str, int]] = {
    "random bytes": (b"\xff\xff\xff\xff\x01garbage", PROTOBUF, 400),
    "cut off": (b"\x0a\xff\x01", PROTOBUF, 400),
    "broken JSON": (b"{", JSON, 400),
    "an array": (b"[]", JSON, 422),
    "null": (b"null", JSON, 422),
    "no list": (b'{"resourceSpans": 5}', JSON, 422),
    "no UTF-8": (b'{"resourceSpans": "\xff"}', JSON, 400),
    "deep": (b'{"resourceSpans":' + b"[" * 10_000 + b"]" * 10_000 + b"}", JSON, 400),
    "another type": (b"x", "text/plain", 415),
    "no type": (b"x", "", 415),
    "too many spans": (wire_request(*[b""] * 20_001), PROTOBUF, 413),
    "millions of spans": (write_bytes(1, write_bytes(2, b"\x12\x00" * (4 << 20))), PROTOBUF, 413),
    "millions of values in a text": (
        wire_request(wire_span({"gen_ai.input.messages": "[" + "{}," * 1_100_000 + "{}]"})),
        PROTOBUF,
        413,
    ),
    "millions of objects": (b'{"a": [' + b"{}," * 1_100_000 + b"{}]}", JSON, 413),
    "too large": (b"x" * (17 << 20), PROTOBUF, 413),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_request_is_refused(owner: Project, what: str) -> None:
    body, kind, status = REFUSED[what]
    answer = post(owner, body, kind)

    assert answer.status_code == status
    assert count(owner) == 0


def test_a_bomb_is_refused(owner: Project) -> None:
    bomb = gzip.compress(b"\x00" * (200 << 20))

    assert post(owner, bomb, PROTOBUF, **{"Content-Encoding": "gzip"}).status_code == 413
    assert post(owner, b"x" * 50, PROTOBUF, **{"Content-Encoding": "gzip"}).status_code == 400


def test_refusals_come_in_the_form_of_the_request(owner: Project) -> None:
    plain, packed = post(owner, b"{"), post(owner, b"\x0a", PROTOBUF)
    unknown = post(owner, b"", PROTOBUF, key="")

    assert plain["Content-Type"] == "application/problem+json"
    assert json.loads(plain.content)["code"] == "MALFORMED_BODY"
    assert packed["Content-Type"] == PROTOBUF
    assert status_pb2.Status.FromString(packed.content).code == 3
    assert unknown["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("code", [ErrorCode.OVERLOADED, ErrorCode.STORAGE_FULL])
def test_exporters_are_asked_to_try_again_when_there_is_no_room(
    owner: Project, code: ErrorCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise FeatureMemoryError("full", code, {"retry_after": 7})

    monkeypatch.setattr(writer, "store_arrivals", full)
    for kind, body in BODIES.items():
        answer = post(owner, body, kind)

        assert (answer.status_code, answer["Retry-After"]) == (503, "7")


@pytest.mark.parametrize("body", [b"{}", b'{"resourceSpans": []}'])
def test_a_request_without_spans_is_taken(owner: Project, body: bytes) -> None:
    assert json.loads(post(owner, body).content) == {}
    empty = gzip.compress(b"")
    assert post(owner, empty, PROTOBUF, **{"Content-Encoding": "gzip"}).content == b""


@pytest.mark.parametrize("signal", ["logs", "metrics"])
def test_other_signals_are_taken_and_told_to_be_ignored(owner: Project, signal: str) -> None:
    path = f"/v1/{signal}"

    assert post(owner, b"\x0a\x00", PROTOBUF, path).content == b""
    assert json.loads(post(owner, b"{}", JSON, path).content) == {}
    assert post(owner, b"x", "text/plain", path).status_code == 415
    assert unmapped(owner) == [(f"({signal})", 2)]


def unmapped(owner: Project) -> list[tuple[str, int]]:
    headers = {"X-API-Key": key_of(owner, "ro")}
    answer = client().get("/api/v1/ingest/unmapped/", headers=headers)
    return [(entry["name"], entry["count"]) for entry in json.loads(answer.content)["data"]]


def test_attributes_nobody_maps_are_listed_to_their_own_project(owner: Project) -> None:
    post(owner, json_body(json_span({**CHAT, "acme.tenant": "t-1"})))

    assert unmapped(owner) == [("acme.tenant", 1)]
    assert unmapped(project()) == []


def test_litellm_calls_are_taken_once(owner: Project) -> None:
    calls = [payload(), payload(litellm_call_id="c-2", **FAILURE), {"model": "m"}]
    body = json.dumps(calls).encode()
    first, again = (post(owner, body, path=LITELLM) for _ in range(2))

    assert first.status_code == 207
    assert (first.json()["accepted"], first.json()["duplicates"]) == (2, 0)
    assert (again.json()["accepted"], again.json()["duplicates"]) == (0, 2)
    assert first.json()["rejected"][0]["index"] == 2
    assert first.json()["rejected"][0]["problem"]["code"] == "VALIDATION_FAILED"


@pytest.mark.parametrize("kind", [JSON, "application/x-ndjson"])
def test_litellm_sends_lines_as_either_type(owner: Project, kind: str) -> None:
    lines = "\n".join(json.dumps(payload(litellm_call_id=f"c-{n}")) for n in range(3)) + "\n{broken"
    answer = post(owner, lines.encode(), kind, LITELLM)

    assert (answer.json()["accepted"], len(answer.json()["rejected"])) == (3, 1)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"5", JSON, 422),
        (b'{"a": ', JSON, 400),
        (b"{}", "text/plain", 415),
        (b"[" + b"{}," * 1000 + b"{}]", JSON, 413),
        (b"[" + b"0," * 2_100_000 + b"0]", JSON, 413),
        (b"[]", JSON, 207),
    ],
)
def test_a_litellm_body_that_is_none_is_refused(
    owner: Project, body: bytes, kind: str, status: int
) -> None:
    assert post(owner, body, kind, LITELLM).status_code == status


def test_a_litellm_request_may_be_repeated_under_its_key(owner: Project) -> None:
    body, name = json.dumps([payload()]).encode(), {"Idempotency-Key": "k-1"}
    first, again = (post(owner, body, path=LITELLM, **name) for _ in range(2))

    assert first.json() == again.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert again["Idempotent-Replayed"] == "true"
    assert post(owner, b"[]", path=LITELLM, **name).status_code == 422


@pytest.mark.parametrize("path", [TRACES, LITELLM])
def test_a_full_store_pushes_back_before_anything_is_read(
    owner: Project, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_project_id: UUID) -> None:
        raise FeatureMemoryError("behind", ErrorCode.THROTTLED, {"retry_after": 3})

    monkeypatch.setattr(admission, "check", full)
    answer = post(owner, b"{broken", path=path)

    assert (answer.status_code, answer["Retry-After"]) == (429, "3")


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("viewer", 403)])
@pytest.mark.parametrize(("path", "body"), [(TRACES, BODIES[JSON]), (LITELLM, b"[]")])
def test_a_key_sends_no_more_than_its_maker_may(
    role: str, status: int, path: str, body: bytes
) -> None:
    owner = project("mine")
    _, text = ApiKey.create(owner, "rw", maker=member("ed", mine=role))
    given = {"Authorization": f"Bearer {text}"}
    answer = client().generic("POST", path, body, JSON, headers=given)

    assert answer.status_code == (207 if (path, status) == (LITELLM, 200) else status)


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_many_spans_ask_the_database_no_more_than_one(
    owner: Project, kind: str, django_assert_max_num_queries: Any
) -> None:
    post(owner, BODIES[kind], kind)
    spans = range(1, 201)
    many = {
        PROTOBUF: wire_request(*(wire_span(CHAT, number) for number in spans)),
        JSON: json_body(*(json_span(CHAT, number) for number in spans)),
    }
    with django_assert_max_num_queries(20):
        answer = post(owner, many[kind], kind)

    assert answer.status_code == 200
    assert count(owner) == 201
