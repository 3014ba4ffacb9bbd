"""The name a request is sent to: ours, a stranger's, or none that matters."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders import Caller, item

pytestmark = pytest.mark.django_db

FOREIGN = {"Host": "10.0.0.5:8000"}


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
@pytest.mark.parametrize("host", ["10.0.0.5", "[fd00::1]:8000", "no host at all/?", ""])
def test_health_answers_whatever_the_host(path: str, host: str) -> None:
    assert Client().get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["patterns/", "interactions/", "no/such/"])
def test_the_api_says_under_a_foreign_name_which_setting_to_change(api: Caller, path: str) -> None:
    for answer in (
        api.send("GET", path, headers=FOREIGN),
        api.send("POST", path, item(1), headers=FOREIGN),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "HOST_NOT_ALLOWED")
        assert answer["Content-Type"] == "application/problem+json"
        assert "FM_ALLOWED_HOSTS" in answer.json()["detail"]
        assert "10.0.0.5" in answer.json()["detail"]


def test_a_page_says_the_same_in_plain_text() -> None:
    answer = Client().get("/login/", headers=FOREIGN)

    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert b"FM_ALLOWED_HOSTS" in answer.content
