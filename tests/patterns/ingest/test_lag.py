"""Recognition that falls behind makes health degraded, and does not make it flap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from featurememory.models import Project
from patterns.ingest import lag as module
from patterns.ingest.lag import LagGauge, find_oldest_waiting_ms, lag
from patterns.models import ModelInteraction
from patterns.recognition.lease import now_ms
from tests.builders import items, keep, learn_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _each_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "CHECK_S", 0.0)
    yield
    lag.__init__()  # type: ignore[misc]  # as in a new process


@pytest.fixture(autouse=True)
def _room_for_dead_rows(settings: Any) -> None:
    """The storage gauge counts the dead rows that all tests before left in PostgreSQL."""
    settings.STORAGE_MAX_SIZE = 4 << 30


@pytest.fixture(autouse=True)
def _nothing_else_waits(db: None) -> None:
    """What tests of several processes left in PostgreSQL waits for longer than anything here."""
    ModelInteraction.objects.pending().delete()


def states(*readings: float) -> list[str]:
    gauge, found = LagGauge(), []
    for seconds in readings:
        gauge.update(seconds)
        found.append(gauge.state)
    return found


def test_it_is_degraded_from_the_second_late_reading_on_until_it_is_clearly_over() -> None:
    assert states(61, 10, 61) == ["healthy"] * 3
    assert states(61, 62, 59, 31, 29) == [
        *("healthy", "degraded", "degraded", "degraded", "healthy")
    ]


def test_the_oldest_pending_interaction_counts_and_no_other(owner: Project) -> None:
    assert find_oldest_waiting_ms() is None
    keep(owner, items(2))
    learn_all(owner)
    keep(owner, items(2, start=2))
    ModelInteraction.objects.filter(id="i-0").update(received_at=1)
    first = ModelInteraction.objects.get(id="i-2").received_at

    assert find_oldest_waiting_ms() == first


def ready() -> dict[str, object]:
    cache.clear()
    response = Client().get("/health/ready")
    assert response.status_code == 200
    return dict(response.json())


def test_health_says_that_recognition_is_behind_and_recovers(owner: Project) -> None:
    keep(owner, items(2))
    ModelInteraction.objects.update(received_at=now_ms() - 90_000)
    ready()
    told = ready()

    assert (told["status"], told["state"]) == ("ready", "degraded")
    assert told["resources"]["lag"] == "degraded"
    assert "waited for 9" in str(told["detail"])

    learn_all(owner)
    told = ready()
    assert (told["state"], told["resources"]) == (
        "healthy",
        dict.fromkeys(told["resources"], "healthy"),
    )
