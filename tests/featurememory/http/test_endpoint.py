"""What every endpoint shares: problems (RFC 9457), bodies, lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, OperationalError
from django.urls import URLResolver
from rest_framework.test import APIRequestFactory

from featurememory import urls
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.endpoint import Endpoint, NoSuchEndpoint
from featurememory.http.json_body import decode_json
from featurememory.http.problems import find_refusal, handle_problem
from patterns.api import interactions
from tests.builders import Caller, caller, client, item, project

pytestmark = pytest.mark.django_db

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "errors", "request_id"}


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, which must have the shape of RFC 9457."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body.keys() >= MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == response["X-Request-ID"]
    assert body["detail"]
    return body


def test_a_missing_key_is_401() -> None:
    response = Caller("").get("patterns/")
    refused(response, 401, "UNAUTHENTICATED")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_an_unknown_key_is_401() -> None:
    refused(Caller("fm_ad_123456789012_" + "s" * 40).get("patterns/"), 401, "UNAUTHENTICATED")


def test_a_key_without_the_scope_is_403() -> None:
    refused(caller(project(), "in").get("patterns/"), 403, "FORBIDDEN")


def test_a_thing_that_is_not_there_is_404() -> None:
    body = refused(caller(project()).get("interactions/none/"), 404, "NOT_FOUND")
    assert body["instance"] == "/api/v1/interactions/none/"


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v2/", "/api/nothing", "/v1/nothing"])
def test_an_endpoint_that_is_not_there_is_404_as_a_problem(path: str) -> None:
    refused(client().get(path), 404, "NOT_FOUND")


def test_a_method_that_is_not_there_is_405_and_names_the_others() -> None:
    response = caller(project()).send("DELETE", "patterns/")
    body = refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert body["detail"] == "DELETE is not allowed here. Allowed: GET, HEAD, OPTIONS."


def is_endpoint(view: type) -> bool:
    return issubclass(view, Endpoint) and view is not NoSuchEndpoint


def list_endpoints(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """An address of each endpoint, with some id where it takes one."""
    for one in patterns:
        at = before + re.sub(r"<[^>]+>", str(UUID(int=1)), str(one.pattern))
        if isinstance(one, URLResolver):
            yield from list_endpoints(one.url_patterns, at)
        elif is_endpoint(getattr(one.callback, "view_class", object)):
            yield re.sub(r"\(.*?\)\??|[\^$?]", "", at)


def test_every_endpoint_names_its_methods_when_it_refuses_one() -> None:
    headers, found = caller(project()).headers, 0
    for path in list_endpoints(urls.urlpatterns):
        response = client().generic("TRACE", path, headers=headers)
        body = refused(response, 405, "METHOD_NOT_ALLOWED")
        assert response["Allow"]
        assert body["detail"] == f"TRACE is not allowed here. Allowed: {response['Allow']}."
        found += 1
    assert found > 50


def test_broken_json_is_400() -> None:
    refused(caller(project()).post("interactions/", b'{"model_id"'), 400, "MALFORMED_BODY")


def test_a_body_that_is_too_large_is_413() -> None:
    large = item(input="x" * (1 << 20))
    refused(caller(project()).post("interactions/", large), 413, "TOO_LARGE")


def test_another_content_type_is_415() -> None:
    response = caller(project()).post("interactions/", b"a=b", content_type="text/plain")
    refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_invalid_value_is_422_with_its_pointer() -> None:
    response = caller(project()).post("interactions/", item(duration=-1))
    body = refused(response, 422, "VALIDATION_FAILED")

    (error,) = body["errors"]
    assert error["pointer"] == "/metadata/duration"
    assert error.keys() == {"pointer", "code", "message"}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("database is locked"), 503, "OVERLOADED"),
        (OperationalError("database or disk is full"), 507, "STORAGE_FULL"),
        (OperationalError("connection refused"), 503, "STORAGE_FAILED"),
        (
            FeatureMemoryError("Slow down.", ErrorCode.THROTTLED, {"retry_after": 7}),
            429,
            "THROTTLED",
        ),
        (DataError("a fault of ours"), 500, "UNKNOWN_ERROR"),
        (KeyError("a secret of ours"), 500, "UNKNOWN_ERROR"),
    ],
)
def test_trouble_in_the_middle_is_a_problem_too(
    error: Exception, status: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise error

    monkeypatch.setattr(interactions, "store_arrivals", failing)
    response = caller(project()).post("interactions/", item())

    body = refused(response, status, code)
    assert "ours" not in json.dumps(body)
    assert "retry_after" not in body
    assert ("Retry-After" in response) == (status in (429, 503, 507))
    if code == "THROTTLED":
        assert response["Retry-After"] == "7"


def test_the_last_refusal_is_kept_for_the_page_that_helps_to_start() -> None:
    owner, other = project(), project()
    caller(owner).post("interactions/", item(duration=-1))
    caller(owner).get("patterns/nobody/")

    kept = find_refusal(owner.pk)
    assert kept
    assert (kept["status"], kept["code"]) == (404, "NOT_FOUND")
    assert kept["path"] == "/api/v1/patterns/nobody/"
    assert find_refusal(other.pk) is None


def test_a_refusal_without_a_key_is_told_everywhere_but_not_what_it_asked_for() -> None:
    owner = project()
    Caller("fm_ro_nobody_nothing").get("interactions/theirs/")

    kept = find_refusal(owner.pk)
    assert kept
    assert (kept["status"], kept["path"]) == (401, "")


def test_answers_are_json_whatever_the_caller_would_rather_have() -> None:
    api = caller(project())
    response = api.send("GET", "patterns/", headers={"Accept": "text/html"})

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "", "٣", "9999999"])
def test_a_limit_is_a_number_from_1_on(limit: str) -> None:
    refused(caller(project()).get("patterns/", limit=limit), 422, "VALIDATION_FAILED")


def test_a_page_has_at_most_200_rows_and_says_its_limit() -> None:
    body = caller(project()).get("patterns/", limit="1000").json()

    assert body == {"data": [], "meta": {"next_cursor": None, "limit": 200}}


def test_the_syntax_error_behind_a_wrong_type_wins() -> None:
    with pytest.raises(FeatureMemoryError) as caught:
        decode_json(b'{"a": "text", "b": ]', dict[str, int])

    assert caught.value.code is ErrorCode.MALFORMED_BODY


def test_a_pointer_leads_through_lists() -> None:
    with pytest.raises(FeatureMemoryError) as caught:
        decode_json(b'{"ids": [1, "x"]}', dict[str, list[int]])

    assert caught.value.details["errors"][0]["pointer"].startswith("/")


def test_an_error_outside_a_request_id_is_answered_all_the_same() -> None:
    request = APIRequestFactory().get("/api/v1/x/")
    response = handle_problem(ValueError("x"), {"request": request, "view": Endpoint()})

    assert (response.status_code, response.data["request_id"]) == (500, "")
