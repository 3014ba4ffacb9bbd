"""Health: live is the process, ready is a row written and read."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from featurememory.models import Probe

pytestmark = pytest.mark.django_db


def test_live_needs_no_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/health/live").status_code == 200


def test_ready_means_that_a_row_was_written_and_read() -> None:
    response = Client().get("/health/ready")

    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert Probe.objects.get(pk=1).value > 0
    assert "no-store" in response["Cache-Control"]


def test_many_checks_share_one_write() -> None:
    Client().get("/health/ready")
    first = Probe.objects.get(pk=1).value
    Client().get("/health/ready")

    assert Probe.objects.get(pk=1).value == first


def test_a_storage_that_refuses_makes_it_unhealthy_and_it_recovers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: object) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Probe.objects, "update_or_create", full)
        response = Client().get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (503, "unhealthy")
    assert "disk is full" in response.json()["detail"]

    cache.clear()  # as after a second
    assert Client().get("/health/ready").status_code == 200
