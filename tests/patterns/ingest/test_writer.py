"""Ingest: a 2xx means stored once, whoever sends it how often, and never by half."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connections

from featurememory.errors import FeatureMemoryError
from featurememory.process import request_priority
from patterns.ingest import writer as ingest_writer
from patterns.ingest.schema import Arrival, build_arrival, parse_interaction
from patterns.ingest.writer import Delivery, Writer, write_group
from patterns.models import ModelInteraction, Payload
from tests.builders import item, items, keep, project


def arrivals(*numbers: int) -> list[Arrival]:
    return [
        build_arrival(parse_interaction(json.dumps(item(number)).encode())) for number in numbers
    ]


@pytest.mark.django_db
def test_what_is_stored_has_its_payload_and_waits() -> None:
    owner = project()
    assert keep(owner, items(3)) == [True] * 3

    rows = ModelInteraction.objects.filter(project=owner)
    assert {row.state for row in rows} == {0}
    assert Payload.objects.filter(pk__in=[row.pk for row in rows]).count() == 3


@pytest.mark.django_db
def test_an_id_that_comes_twice_in_one_delivery_is_stored_once() -> None:
    owner = project()
    first, second = item(1), item(1, output="another answer")

    assert keep(owner, [first, second, item(2)]) == [True, False, True]


@pytest.mark.django_db
def test_an_id_that_was_stored_before_changes_nothing() -> None:
    owner = project()
    keep(owner, [item(1)])
    before = Payload.objects.get(pk=ModelInteraction.objects.get(project=owner).pk).data

    assert keep(owner, [item(2), item(1, output="another answer")]) == [True, False]
    row = ModelInteraction.objects.get(project=owner, id="i-1")
    assert Payload.objects.get(pk=row.pk).data == before


@pytest.mark.django_db
def test_two_projects_may_use_the_same_ids() -> None:
    assert keep(project(), items(2)) == [True, True]
    assert keep(project(), items(2)) == [True, True]


@pytest.mark.django_db
def test_nothing_at_all_is_stored_at_once() -> None:
    assert keep(project(), []) == []


@pytest.mark.django_db
def test_more_ids_than_one_query_may_name_are_deduplicated() -> None:
    owner = project()
    keep(owner, items(1100))

    assert sum(keep(owner, items(1200))) == 100


@pytest.mark.django_db
def test_numbers_grow_with_the_order_of_arrival() -> None:
    owner = project()
    keep(owner, items(5))
    keep(owner, items(5, start=5))

    rows = ModelInteraction.objects.filter(project=owner).order_by("number")
    half = [row.id for row in rows]
    assert sorted(half[:5]) == [f"i-{n}" for n in range(5)]


@pytest.mark.django_db
def test_a_failure_between_row_and_payload_leaves_neither() -> None:
    owner = project()
    good, bad = arrivals(1, 2)
    broken = Arrival(bad.id, bad.columns, None)  # type: ignore[arg-type]  # NOT NULL refuses it

    with pytest.raises(Exception, match=r"(?i)null"):
        write_group([Delivery(owner.pk, [good, broken])])
    assert not ModelInteraction.objects.filter(project=owner).exists()


def in_threads(*works: Any) -> list[Any]:
    """Runs the works at the same time; their results, or the exceptions they raised."""
    results: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(index: int) -> None:
        start.wait(10)
        try:
            results[index] = works[index]()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_time_with_the_same_ids_store_each_id_once() -> None:
    owner = project()
    one = items(60)
    other = list(reversed(one))

    answers = in_threads(*[lambda part=part: keep(owner, part) for part in (one, other) * 3])

    assert sum(sum(answer) for answer in answers) == 60
    assert ModelInteraction.objects.filter(project=owner).count() == 60
    assert Payload.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_a_delivery_that_cannot_be_stored_does_not_refuse_the_others_of_its_group() -> None:
    owner, writer = project(), Writer()
    broken = Arrival("broken", arrivals(0)[0].columns, None)  # type: ignore[arg-type]
    deliveries = [Delivery(owner.pk, [entry]) for entry in (*arrivals(1, 2), broken, *arrivals(3))]
    for delivery in deliveries:
        writer._queue.put(delivery)
    group = writer._next_group()
    writer._write(group)

    assert group == deliveries  # they shared one commit, or would have
    failed = [delivery.done.exception(0) is not None for delivery in deliveries]
    assert failed == [False, False, True, False]
    assert ModelInteraction.objects.filter(project=owner).count() == 3


@pytest.mark.django_db
def test_when_too_much_waits_the_caller_is_told_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writer = Writer()
    monkeypatch.setattr(writer, "_ensure_running", lambda: None)  # a writer that cannot keep up
    writer._queue.maxsize = 1
    writer._queue.put(Delivery(project().pk, []))

    with pytest.raises(FeatureMemoryError) as refused:
        writer.store(project().pk, arrivals(1))
    assert refused.value.status == 503
    assert refused.value.details["retry_after"] >= 1


@pytest.mark.django_db
def test_deliveries_of_one_group_know_of_each_other_and_each_gets_its_own_receipt() -> None:
    one, other = project(), project()
    group = [
        Delivery(one.pk, arrivals(1, 2)),
        Delivery(other.pk, arrivals(1)),
        Delivery(one.pk, arrivals(2, 3, 3)),
        Delivery(one.pk, []),
    ]
    write_group(group)

    receipts = [delivery.done.result(0).stored for delivery in group]
    assert receipts == [[True, True], [True], [False, True, False], []]


@pytest.mark.django_db(transaction=True)
def test_a_group_waits_for_requests_at_work_but_only_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, writer = project(), Writer()
    first, second = (Delivery(owner.pk, [entry]) for entry in arrivals(1, 2))
    monkeypatch.setattr(ingest_writer, "GATHER_S", 30.0)
    monkeypatch.setattr(request_priority, "_answering", {1, 2})  # two threads
    writer._queue.put(first)
    threading.Timer(0.05, lambda: writer._queue.put(second)).start()
    assert writer._next_group() == [first, second]

    monkeypatch.setattr(ingest_writer, "GATHER_S", 0.01)
    writer._queue.put(first)
    assert writer._next_group() == [first]
