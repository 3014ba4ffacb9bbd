"""One writer at a time; a failed turn leaves nothing behind."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from featurememory.models import Project
from featurememory.writes import write_turn


@pytest.mark.django_db
def test_a_turn_is_a_transaction() -> None:
    def half() -> None:
        with write_turn():
            Project.objects.create(name="half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert not Project.objects.filter(name="half").exists()


@pytest.mark.django_db
def test_a_turn_may_hold_another_one() -> None:
    with write_turn(), write_turn():
        Project.objects.create(name="inner")

    assert Project.objects.filter(name="inner").exists()


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_all_get_their_turn() -> None:
    failures: list[Exception] = []

    def write(number: int) -> None:
        try:
            for turn in range(5):
                with write_turn():
                    Project.objects.create(name=f"w-{number}-{turn}")
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failures == []
    assert Project.objects.filter(name__startswith="w-").count() == 30
