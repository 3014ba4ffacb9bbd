"""Admission: pushes back before something bursts, and opens again without flapping."""

from __future__ import annotations

import traceback
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.utils import timezone

from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.ingest import backpressure as module
from patterns.ingest.backpressure import Admission, ResourceGauge, admission, make_gauges
from patterns.models import Learner
from patterns.retention import cleanup as retention_cleanup
from patterns.retention import disk_usage
from patterns.retention.cleanup import clean_up
from tests.builders import caller, item, items, keep, learn_all, learned, project

REFUSED = FeatureMemoryError("no", ErrorCode.OVERLOADED, {"retry_after": 1})


ANYONE = UUID(int=1)


def gauge(values: list[float], **changes: Any) -> ResourceGauge:
    return ResourceGauge("queue", 10.0, lambda: values.pop(0), REFUSED, **changes)


def test_a_gauge_closes_at_its_limit_and_opens_below_four_fifths() -> None:
    watched = gauge([7.9, 8.0, 10.0, 9.9, 8.0, 7.9])
    seen = []
    for _ in range(6):
        watched.update()
        seen.append(watched.state)

    assert seen == ["healthy", "degraded", "unhealthy", "unhealthy", "unhealthy", "healthy"]


def test_the_state_is_that_of_the_worst_and_a_closed_one_refuses() -> None:
    watched = Admission([gauge([1.0]), gauge([9.0]), gauge([11.0])])
    with pytest.raises(FeatureMemoryError, match="no"):
        watched.check(ANYONE)

    assert watched.state == "unhealthy"


def test_a_refusal_keeps_nothing_of_the_requests_refused_before() -> None:
    watched = Admission([gauge([11.0] * 20)])

    def refused() -> FeatureMemoryError:
        with pytest.raises(FeatureMemoryError, match="no") as found:
            watched.check(ANYONE)
        return found.value

    def frames(error: FeatureMemoryError) -> int:
        return len(list(traceback.walk_tb(error.__traceback__)))

    first = frames(refused())
    assert [frames(refused()) for _ in range(5)] == [first] * 5


def test_a_healthy_gauge_is_not_read_for_every_request() -> None:
    values = [1.0, 99.0]
    watched = Admission([gauge(values)])
    watched.check(ANYONE)
    watched.check(ANYONE)

    assert values == [99.0]


def closed(monkeypatch: pytest.MonkeyPatch, name: str) -> Any:
    """The answer of ingest while this gauge is beyond its limit."""
    (found,) = [entry for entry in admission.gauges if entry.name == name]
    monkeypatch.setattr(found, "read", lambda: found.limit * 1.1)
    return caller(project()).post("interactions/", item(1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "status"), [("queue", 429), ("memory", 503), ("storage", 507), ("disk", 507)]
)
def test_each_resource_refuses_with_its_status_and_says_when_to_come_again(
    name: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = closed(monkeypatch, name)

    assert response.status_code == status
    assert int(response["Retry-After"]) >= 1


@pytest.mark.django_db
def test_memory_beyond_its_budget_closes_and_what_it_gives_back_opens_again(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(module, "_trimmed", [0.0])
    (memory,) = [found for found in make_gauges() if found.name == "memory"]
    memory.limit = settings.MEMORY_LIMIT = 200 << 20
    monkeypatch.setattr(module, "read_resident_bytes", lambda: 210 << 20)
    memory.update()
    assert memory.closed

    monkeypatch.setattr(module, "read_resident_bytes", lambda: 180 << 20)
    memory.update()
    assert not memory.closed


@pytest.mark.django_db
def test_ingest_stops_short_of_max_size_until_a_cleanup_made_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    learned(owner, 40)
    full = int(owner.config.max_size * 0.98)
    admission.reset()
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: full)
    with pytest.raises(FeatureMemoryError, match="max_size"):
        keep(owner, items(1, start=100))

    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: int(full * 0.85))
    clean_up(owner)
    admission.reset()
    assert keep(owner, items(1, start=100)) == [True]


@pytest.mark.django_db
def test_what_no_cleanup_can_take_does_not_close_ingest_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    used = owner.config.max_size * 2
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: used)
    clean_up(owner)

    assert cache.get("storage_floor") == used
    assert keep(owner, items(1)) == [True]


@pytest.mark.django_db
def test_what_waits_does_not_raise_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = project()
    keep(owner, items(1))
    used = owner.config.max_size * 2
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: used)
    clean_up(owner)
    admission.reset()

    with pytest.raises(FeatureMemoryError, match="max_size"):
        keep(owner, items(1, start=100))


@pytest.mark.django_db
def test_the_write_ahead_log_counts_towards_max_size_and_a_cleanup_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    keep(owner, items(1))
    Learner.objects.update_or_create(pk=owner.pk, defaults={"cleaned_at": timezone.now()})
    limit = owner.config.max_size
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: int(limit * 0.7))
    assert not retention_cleanup.is_cleanup_due(owner.pk)
    monkeypatch.setattr(disk_usage, "measure_bytes_beside", lambda: int(limit * 0.28))
    admission.reset()

    assert retention_cleanup.is_cleanup_due(owner.pk)
    with pytest.raises(FeatureMemoryError, match="max_size"):
        keep(owner, items(1, start=100))


@pytest.mark.django_db
def test_what_learning_will_add_to_what_waits_counts_before_it_is_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    keep(owner, items(30))
    nearly = disk_usage.compute_room(owner.config.max_size) - disk_usage.estimate_learning_bytes(20)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: nearly)
    admission.reset()
    with pytest.raises(FeatureMemoryError, match="max_size"):
        keep(owner, items(1, start=100))

    learn_all(owner)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: int(nearly * 0.94))
    admission.reset()
    assert keep(owner, items(1, start=100)) == [True]


@pytest.mark.django_db
def test_what_is_stored_between_two_looks_closes_without_another_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    room = disk_usage.compute_room(owner.config.max_size)
    left = 15 * (disk_usage.ROW_BYTES + disk_usage.estimate_learning_bytes(1) + 200)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: room - left)
    admission.reset()
    admission.refresh()
    monkeypatch.setattr(module, "CHECK_S", 1e9)
    keep(owner, items(10))
    assert not any(gauge.closed for gauge in admission.gauges)
    keep(owner, items(10, start=10))

    with pytest.raises(FeatureMemoryError, match="max_size"):
        keep(owner, items(1, start=100))
