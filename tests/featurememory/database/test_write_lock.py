"""One writer at a time; a failed turn leaves nothing behind."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from django.db import connection, connections

from featurememory.database import write_lock
from featurememory.database.write_lock import write_turn
from featurememory.models import Project, StoredAnswer


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


def write(name: str) -> None:
    with write_turn():
        owner = Project.objects.create(name=name)
        StoredAnswer.objects.create(project=owner, key=name, body=b"x" * 200_000)


@pytest.mark.django_db(transaction=True)
def test_a_long_log_is_emptied_by_whoever_wrote_last(monkeypatch: pytest.MonkeyPatch) -> None:
    write("first")
    kept_here = connection.vendor == "sqlite"  # PostgreSQL keeps its own
    assert (write_lock.measure_log_bytes() > 200_000) == kept_here

    monkeypatch.setattr(write_lock, "LOG_MOST", 200_000)
    write("second")
    assert write_lock.measure_log_bytes() == 0
    assert StoredAnswer.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_stays_puts_it_off_and_stops_no_writer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(write_lock, "LOG_MOST", 200_000)
    monkeypatch.setattr(write_lock, "AGAIN_S", 0.0)
    reader = connection.copy()
    with closing(reader), reader.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM featurememory_project")
        write("meanwhile")
        assert (write_lock.measure_log_bytes() > 200_000) == (connection.vendor == "sqlite")
        cursor.execute("ROLLBACK")

    write("after")
    assert write_lock.measure_log_bytes() == 0
    assert StoredAnswer.objects.count() == 2
