"""Around every request: an id, and the content security policy."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from featurememory.http.middleware import add_content_security_policy, assign_request_id
from featurememory.process import json_logs


def answered(given: str | None = None) -> tuple[HttpResponse, str]:
    seen = []

    def view(_: object) -> HttpResponse:
        seen.append(json_logs.request_id.get())
        return HttpResponse()

    headers = {"X-Request-ID": given} if given is not None else {}
    return assign_request_id(view)(RequestFactory().get("/", headers=headers)), seen[0]


def test_the_id_a_caller_gives_is_kept_for_the_log_and_the_answer() -> None:
    response, seen = answered("trace-1234")

    assert response["X-Request-ID"] == seen == "trace-1234"
    assert json_logs.request_id.get() == ""


@pytest.mark.parametrize(
    "given", [None, "", "short", "with space 123", "x" * 65, "ü" * 10, "a;b=c;d=e"]
)
def test_an_id_that_could_do_harm_is_replaced(given: str | None) -> None:
    response, seen = answered(given)

    assert response["X-Request-ID"] == seen != given
    assert len(seen) == 36


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_unsafe() -> None:
    response = add_content_security_policy(lambda _: HttpResponse())(RequestFactory().get("/"))
    policy = response["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
