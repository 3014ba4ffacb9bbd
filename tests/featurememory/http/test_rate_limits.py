"""Requests and bytes per minute, of a key and of an address."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from featurememory.http import rate_limits
from featurememory.http.rate_limits import take
from featurememory.models import Project
from tests.builders import Caller, caller, item, limit, project


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    rate_limits.own_counts.clear()
    yield
    rate_limits.own_counts.clear()


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.integers(1, 20))
def test_in_no_minute_of_the_clock_is_more_taken_than_allowed(gaps: list[float], most: int) -> None:
    rate_limits.own_counts.clear()
    now, taken = 0.0, []
    for gap in gaps:
        now += gap
        if not take("a", 1, most, now):
            taken.append(now)
    minutes = [int(moment // 60) for moment in taken]

    assert max(minutes.count(minute) for minute in minutes) <= most


@given(st.integers(1, 50), st.floats(0, 59), st.floats(0, 59))
def test_who_waits_as_long_as_told_is_let_through(most: int, first: float, second: float) -> None:
    rate_limits.own_counts.clear()
    moments = sorted([first, first + second])
    for moment in moments:
        while not (wait := take("a", 1, most, moment)):
            pass
    assert take("a", 1, most, moments[-1] + wait + 0.001) == 0


def test_something_larger_than_the_limit_goes_alone() -> None:
    assert take("a", 500, 100, 0.0) == 0
    assert take("a", 1, 100, 1.0) > 0


@pytest.mark.django_db
def test_a_key_beyond_its_requests_is_told_when_to_come_again_and_others_go_on(
    owner: Project, api: Caller
) -> None:
    limit(owner, requests_per_minute=3)
    assert [api.get("patterns/").status_code for _ in range(3)] == [200] * 3
    refused = api.post("interactions/", item(1))

    assert (refused.status_code, refused.json()["code"]) == (429, "THROTTLED")
    assert 1 <= int(refused["Retry-After"]) <= 120
    assert caller(owner, "rw").post("interactions/", item(2)).status_code == 201
    assert caller(project("other"), "rw").get("patterns/").status_code == 200


@pytest.mark.django_db
def test_bytes_of_a_key_are_bounded(owner: Project, api: Caller) -> None:
    limit(owner, bytes_per_minute=2000)
    sent = [
        api.post("interactions/", item(n) | {"output": "x" * 900}).status_code for n in range(4)
    ]
    assert sent == [201, 429, 429, 429] or sent == [201, 201, 429, 429]


@pytest.mark.django_db
def test_an_address_is_bounded_and_its_health_checks_are_not(client: Client, settings: Any) -> None:
    settings.REQUESTS_PER_MINUTE = 2
    answers = [client.get("/login/").status_code for _ in range(3)]

    assert answers == [200, 200, 429]
    assert client.get("/health/live").status_code == 200
    assert client.get("/login/", REMOTE_ADDR="10.0.0.9").status_code == 200


SHARED = """
import django; django.setup()
from featurememory.http.rate_limits import take
print(*(int(take("shared", 1, 3, 1000.0) > 0) for _ in range(2)))
"""


def test_processes_count_together_through_redis(redis_server: str, tmp_path: Path) -> None:
    given = {
        "FM_REDIS_URL": redis_server,
        "FM_DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
        "FM_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "featurememory.settings",
        "PATH": "",
    }
    root = Path(__file__).resolve().parents[3]
    seen = [
        subprocess.run(
            [sys.executable, "-c", SHARED], env=given, cwd=root, capture_output=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert seen == [[b"0", b"0"], [b"0", b"1"]]
