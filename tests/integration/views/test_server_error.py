"""Pages while the database is away: what it is, and when to come again."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DataError, Error, InterfaceError, OperationalError
from django.test import Client

from patterns.models import Pattern
from tests.web import browser, person, text_of

pytestmark = pytest.mark.django_db
AWAY = OperationalError("connection refused")


def answer(error: Error, place: Any, name: str) -> Any:
    client: Client = browser(person("ann", superuser=True))
    client.raise_request_exception = False
    with mock.patch.object(place, name, side_effect=error):
        return client.get("/patterns/")


@pytest.mark.parametrize("error", [AWAY, InterfaceError("the connection is closed")])
@pytest.mark.parametrize("place", [(Pattern.objects, "stored"), (SessionStore, "load")])
def test_a_database_that_is_away_is_503_wherever_it_is_noticed(
    error: Error, place: tuple[Any, str]
) -> None:
    found = answer(error, *place)

    assert (found.status_code, found.headers["Retry-After"]) == (503, "1")
    assert "The database does not answer" in text_of(found)


def test_a_fault_of_ours_is_still_500() -> None:
    found = answer(DataError("value too long"), Pattern.objects, "stored")

    assert found.status_code == 500
    assert "Something went wrong" in text_of(found)
