"""Inserting a delivery: the same answer and the same rows however much of it is known already."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from django.db import connection, transaction

from featurememory.models import Project
from patterns.ingest.bulk_insert import insert_postgresql, insert_sqlite
from patterns.ingest.schema import Arrival, build_arrival, parse_interaction
from patterns.models import ModelInteraction, Payload
from patterns.storage.payloads import unpack_payload
from tests.builders import item, project

pytestmark = pytest.mark.django_db


def insert(owner: Project, arrivals: Sequence[Arrival]) -> list[bool]:
    way = insert_sqlite if connection.vendor == "sqlite" else insert_postgresql
    with transaction.atomic():
        return way(owner.pk, arrivals)


def arrivals(*names: str) -> list[Arrival]:
    return [
        build_arrival(
            parse_interaction(json.dumps(item(1, id=name, input=f"said {name}")).encode())
        )
        for name in names
    ]


def inputs(owner: Project) -> dict[str, object]:
    rows = ModelInteraction.objects.filter(project=owner)
    data = dict(Payload.objects.values_list("pk", "data"))
    return {row.id: unpack_payload(data[row.number])["input"] for row in rows}


def test_numbers_follow_the_order_of_arrival_within_a_delivery() -> None:
    owner = project()
    insert(owner, arrivals("c", "a", "b"))

    stored = ModelInteraction.objects.filter(project=owner).order_by("number")
    assert list(stored.values_list("id", flat=True)) == ["c", "a", "b"]


def test_of_a_delivery_with_known_ids_the_others_are_stored_with_their_own_payloads() -> None:
    owner = project()
    insert(owner, arrivals("b", "d"))

    assert insert(owner, arrivals("e", "d", "a", "b", "c")) == [True, False, True, False, True]
    assert inputs(owner) == {name: f"said {name}" for name in "abcde"}


def test_a_delivery_of_known_ids_only_stores_nothing() -> None:
    owner = project()
    insert(owner, arrivals("a", "b"))

    assert insert(owner, arrivals("b", "a", "a")) == [False, False, False]
    assert Payload.objects.count() == 2


def test_a_conflict_does_not_undo_what_the_same_transaction_stored_before() -> None:
    owner, other = project(), project()
    insert(owner, arrivals("a"))
    with transaction.atomic():
        insert(other, arrivals("x"))
        insert(owner, arrivals("a", "b"))

    assert set(inputs(other)) == {"x"}
    assert set(inputs(owner)) == {"a", "b"}


def test_every_column_is_stored_as_it_came() -> None:
    owner = project()
    sent = item(1, id="full", session_id="s", decision_id="d", success=None, score=0.5)
    sent["usage"] = {"input_tokens": 3, "cost": 0.25}
    made = build_arrival(parse_interaction(json.dumps(sent).encode()))
    insert(owner, [made])

    row = ModelInteraction.objects.get(project=owner, id="full")
    assert (row.session_id, row.decision_id, row.success) == ("s", "d", None)
    assert (row.score, row.input_tokens, row.output_tokens, row.cost) == (0.5, 3, None, 0.25)
    assert (row.timestamp, row.received_at, row.state) == (made.columns[4], made.columns[5], 0)
