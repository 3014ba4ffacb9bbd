"""The lease: one learner a project, and nobody waits for ever for a dead one."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from patterns.models import Learner
from patterns.recognition import lease
from patterns.recognition.lease import LENGTH_MS, acquire_lease, release_lease
from tests.builders import project

pytestmark = pytest.mark.django_db


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [1_000_000]
    monkeypatch.setattr(lease, "now_ms", lambda: now[0])
    return now


def test_one_holds_it_and_the_others_do_not() -> None:
    owner = project()

    assert acquire_lease(owner.pk, "a")
    assert acquire_lease(owner.pk, "a")  # its own again
    assert not acquire_lease(owner.pk, "b")
    assert acquire_lease(project().pk, "b")


def test_released_it_is_free_but_only_its_holder_releases_it() -> None:
    owner = project()
    acquire_lease(owner.pk, "a")
    release_lease(owner.pk, "b")
    assert not acquire_lease(owner.pk, "b")

    release_lease(owner.pk, "a")
    assert acquire_lease(owner.pk, "b")


def test_a_dead_holder_is_waited_for_no_longer_than_the_lease(moment: list[int]) -> None:
    owner = project()
    acquire_lease(owner.pk, "dead")
    moment[0] += LENGTH_MS
    assert not acquire_lease(owner.pk, "b")

    moment[0] += 1
    assert acquire_lease(owner.pk, "b")


def test_a_clock_that_was_set_back_does_not_lock_the_project(moment: list[int]) -> None:
    owner = project()
    acquire_lease(owner.pk, "a")
    moment[0] -= 86_400_000

    assert acquire_lease(owner.pk, "b")


def test_inside_it_is_held_and_afterwards_free_even_after_a_failure(settings: Any) -> None:
    settings.EMBEDDED = False
    owner = project()

    def failing() -> None:
        with lease.hold_lease(owner.pk) as held:
            assert held
            assert Learner.objects.get(pk=owner.pk).until > 0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert Learner.objects.get(pk=owner.pk).until == 0
    assert acquire_lease(owner.pk, "another")


def test_embedded_the_successor_of_a_killed_process_goes_on_at_once(settings: Any) -> None:
    settings.EMBEDDED = True
    owner = project()
    acquire_lease(owner.pk, lease.name_holder())  # and killed

    with lease.hold_lease(owner.pk) as held:
        assert held


def test_embedded_a_lock_is_enough_and_nothing_is_written(settings: Any) -> None:
    settings.EMBEDDED = True
    owner = project()
    Learner.objects.create(pk=owner.pk)

    with CaptureQueriesContext(connection) as asked, lease.hold_lease(owner.pk) as held:
        assert held
    assert not [query for query in asked if not query["sql"].startswith("SELECT")]
    assert not [query for query in asked if "snapshot" in query["sql"]]


def test_embedded_a_worker_of_another_shape_is_waited_for(settings: Any) -> None:
    settings.EMBEDDED = True
    owner = project()
    acquire_lease(owner.pk, "another:1")

    with lease.hold_lease(owner.pk) as held:
        assert not held


def test_in_several_processes_each_thread_is_a_holder_of_its_own(settings: Any) -> None:
    settings.EMBEDDED = False
    names = {lease.name_holder()}
    thread = threading.Thread(target=lambda: names.add(lease.name_holder()))
    thread.start()
    thread.join()

    assert len(names) == 2
    assert max(len(name) for name in names) <= 80


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_time_one_gets_it() -> None:
    owner = project()
    Learner.objects.create(pk=owner.pk)
    start, got = threading.Barrier(6), []

    def run(name: str) -> None:
        start.wait(10)
        got.append(acquire_lease(owner.pk, name))
        connections.close_all()

    threads = [threading.Thread(target=run, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(got) == [False] * 5 + [True]


@pytest.mark.django_db(transaction=True)
def test_a_long_step_keeps_its_lease(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.EMBEDDED = False
    monkeypatch.setattr(lease, "LENGTH_MS", 300)
    owner = project()
    with lease.hold_lease(owner.pk) as held, lease.keep_lease_alive(owner.pk):
        assert held
        time.sleep(0.6)
        assert not lease.acquire_lease(owner.pk, "somebody else")
