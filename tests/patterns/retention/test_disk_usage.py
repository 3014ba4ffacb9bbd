"""Space: what the tables take, and that what was freed really goes back."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from featurememory.models import Project
from patterns.models import Learner, ModelInteraction, Payload
from patterns.retention import disk_usage
from patterns.retention.delete_interactions import forget_interactions
from tests.builders import items, keep, learn_all, project

PAYLOADS = Payload._meta.db_table


def filled(count: int = 300) -> Project:
    """A project of about 9 kB an interaction, all recognised."""
    owner, dice = project(), random.Random(1)
    keep(owner, [entry | {"input": dice.randbytes(4500).hex()} for entry in items(count)])
    learn_all(owner)
    return owner


def files() -> int:
    """Bytes of the database in its files, free space included."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size(%s)", [PAYLOADS])
            return int(cursor.fetchone()[0])
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()
    return Path(connection.settings_dict["NAME"]).stat().st_size


@pytest.mark.django_db(transaction=True)
def test_what_was_forgotten_goes_back_to_the_disk_or_to_the_next_rows() -> None:
    owner = filled()
    before = files()
    gone = forget_interactions(owner, 250)
    disk_usage.give_back_space(gone)
    if connection.vendor == "sqlite":
        assert disk_usage.count_free_pages() == 0
        assert files() < before - 250 * 4500
        return
    again = items(250, start=1000)
    keep(owner, [entry | {"input": random.Random(2).randbytes(4500).hex()} for entry in again])
    assert files() < before * 1.2


@pytest.mark.django_db(transaction=True)
def test_bytes_in_use_fall_with_what_is_forgotten() -> None:
    owner = filled()
    disk_usage.give_back_space(1)  # PostgreSQL knows its tables only after it looked at them
    before = disk_usage.measure_bytes_used()
    disk_usage.give_back_space(forget_interactions(owner, 250))

    assert disk_usage.measure_bytes_used() < before - 250 * 4000
    assert ModelInteraction.objects.filter(project=owner).count() == 50


@pytest.mark.django_db(transaction=True)
def test_tables_are_told_with_their_size_the_largest_first() -> None:
    filled()
    disk_usage.give_back_space(1)
    found = disk_usage.measure_table_sizes()

    assert found is not None
    assert found == sorted(found, key=lambda table: -table.bytes)
    assert {table.name: table.bytes for table in found}[PAYLOADS] > 300 * 4000
    assert sum(table.bytes for table in found) == pytest.approx(
        disk_usage.measure_bytes_used(), rel=0.05
    )


def test_in_memory_the_limit_leaves_half_of_the_budget_to_everything_else(settings: Any) -> None:
    settings.MEMORY_LIMIT = 400 << 20
    assert disk_usage.read_limit(1 << 30) == 1 << 30

    settings.STORAGE = "memory"
    assert disk_usage.read_limit(1 << 30) == 200 << 20
    assert disk_usage.read_limit(100 << 20) == 100 << 20


@pytest.mark.django_db(transaction=True)
def test_pages_read_what_the_background_work_counted() -> None:
    assert disk_usage.read_table_sizes() is None

    found = disk_usage.measure_table_sizes()
    assert found
    assert disk_usage.read_table_sizes() == found


@pytest.mark.django_db(transaction=True)
def test_what_lies_beside_is_given_back_without_forgetting() -> None:
    filled()
    if connection.vendor == "sqlite":
        assert disk_usage.measure_bytes_beside() > 0
    disk_usage.give_back_space(0)

    assert disk_usage.measure_bytes_beside() == 0


@pytest.mark.django_db
def test_rows_leave_room_for_what_lies_beside_them(settings: Any) -> None:
    most, beside = (
        1 << 30,
        disk_usage.LOG if connection.vendor == "sqlite" else disk_usage.CATALOGUES,
    )
    assert disk_usage.compute_room(most) == int(most * (1 - disk_usage.MARGIN)) - beside
    assert disk_usage.compute_room(1 << 20) > (1 << 20) * 0.8

    if connection.vendor == "sqlite":
        settings.STORAGE = "memory"
        assert disk_usage.compute_room(most) == int(
            disk_usage.read_limit(most) * (1 - disk_usage.MARGIN)
        )


@pytest.mark.django_db(transaction=True)
def test_rows_that_learning_writes_anew_leave_no_space_behind() -> None:
    owner = filled(20)

    def rewritten() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size(%s)", [Learner._meta.db_table])
            return int(cursor.fetchone()[0])

    for _ in range(40 if connection.vendor == "postgresql" else 0):
        snapshot = random.Random(1).randbytes(500_000)
        Learner.objects.filter(pk=owner.pk).update(snapshot=snapshot)
        disk_usage.vacuum_rewritten()
    assert connection.vendor == "sqlite" or rewritten() < 5_000_000
