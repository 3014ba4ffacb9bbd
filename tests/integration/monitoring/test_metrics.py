"""/metrics: what a Prometheus reads, counted and not guessed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from featurememory import settings
from patterns.ingest.backpressure import count_waiting
from tests.builders import damage, items, keep, learn_all, learned, project

pytestmark = pytest.mark.django_db


def figures() -> dict[tuple[str, ...], float]:
    response = Client().get("/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.content.decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_queue_is_counted_from_its_own_index() -> None:
    with CaptureQueriesContext(connection) as asked:
        figures()
        count_waiting()
    counted = [query["sql"] for query in asked if "state = 0" in query["sql"].replace('"', "")]

    assert len(counted) >= 2
    assert not [sql for sql in counted if "ORDER BY" in sql]  # it makes SQLite leave the index
    if connection.vendor == "sqlite":  # an empty table tells nothing of PostgreSQL's choice
        check_plans(counted)


def check_plans(counted: list[str]) -> None:
    with connection.cursor() as cursor:
        plans = [str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in counted]

    assert all("interaction_pending" in plan for plan in plans)


def test_an_empty_memory_has_figures_too() -> None:
    found = figures()

    assert (found["featurememory_pending",], found["featurememory_lag_seconds",]) == (0, 0)
    assert found["featurememory_resident_bytes",] > 1 << 20
    assert found["featurememory_disk_bytes",] >= 0
    assert found["featurememory_storage_bytes",] > 1 << 16
    assert found["featurememory_cpu_seconds_total",] > 0
    assert {key[1] for key in found if key[0] == "featurememory_pressure"} == {
        *("queue", "storage", "memory", "disk")
    }
    assert found["featurememory_info", settings.VERSION] == 1


def test_it_counts_what_was_recognised_and_what_waits() -> None:
    owner = project("mine")
    learned(owner, 6, tasks=2)
    keep(owner, items(3, start=6))

    found = figures()
    assert found["featurememory_recognized_total", "mine"] == 6
    assert found["featurememory_pending",] == 3
    assert found["featurememory_lag_seconds",] >= 0
    patterns = sum(value for key, value in found.items() if key[0] == "featurememory_patterns")
    assert patterns == 2


def test_what_failed_does_not_wait() -> None:
    owner = project()
    keep(owner, items(1))
    damage(owner, "i-0")
    learn_all(owner)

    found = figures()
    assert found["featurememory_pending",] == 0
    assert found["featurememory_failed_records", owner.name, "learning"] == 1
