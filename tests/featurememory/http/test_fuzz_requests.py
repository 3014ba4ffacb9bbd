"""No bad body, filter or page is answered 5xx; `make bench-fuzz` tries many more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse

from integration.dialects.unmapped import unmapped_names
from patterns.api.patterns import Patterns
from tests.benchmarks.fuzzing.checks import Fuzzed
from tests.benchmarks.fuzzing.request_checks import check, fuzz_requests
from tests.benchmarks.fuzzing.requests import BadRequest, Requester
from tests.benchmarks.fuzzing.targets import list_targets
from tests.builders import project

pytestmark = pytest.mark.django_db


@pytest.fixture
def requester() -> Iterator[Requester]:
    unmapped_names.clear()  # counted by the process, for projects of other tests
    yield Requester(project("fuzzed"), User.objects.create_superuser("fuzzer"))
    unmapped_names.clear()


@pytest.mark.parametrize("seed", range(4))
def test_no_bad_request_is_answered_with_an_error_of_ours(requester: Requester, seed: int) -> None:
    found = Fuzzed()
    fuzz_requests(found, requester, seed, length=60)

    assert found.count == 60
    assert found.failures == {}


def test_every_kind_of_request_has_targets() -> None:
    kinds = [one.kind for one in list_targets()]

    assert min(kinds.count(kind) for kind in ("bodies", "filters", "pages")) > 15


def test_a_request_that_fails_is_told_with_where_and_as_short_as_it_can_be(
    requester: Requester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any, request: Any) -> HttpResponse:
        if "z" in request.GET.get("q", ""):
            raise ZeroDivisionError
        return HttpResponse()

    monkeypatch.setattr(Patterns, "get", fail)
    given = BadRequest("filters", "GET", "api/v1/patterns/", b"limit=3&q=abczdef&sort=x")
    found = Fuzzed()
    check(found, requester, given)

    ((place, (times, size, shortest)),) = found.failures.items()
    assert place.startswith("filters: GET api/v1/patterns/* 500 ZeroDivisionError")
    assert (times, shortest.query) == (1, b"q=z")
    assert size < len(given)
