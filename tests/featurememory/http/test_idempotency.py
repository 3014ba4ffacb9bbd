"""Idempotency-Key: the same request again gets the same answer and does nothing."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from featurememory.http.idempotency import ABANDONED, LIFETIME
from featurememory.models import Project, StoredAnswer
from patterns.api import interactions
from patterns.models import ModelInteraction
from tests.builders import Caller, caller, item, key_of, learned, project

pytestmark = pytest.mark.django_db

NAME = {"Idempotency-Key": "k-1"}


def stored(owner: Project) -> int:
    return int(ModelInteraction.objects.filter(project=owner).count())


def test_the_same_key_and_body_get_the_stored_answer(api: Caller, owner: Project) -> None:
    first = api.post("interactions/", item(id=...), headers=NAME)
    again = api.post("interactions/", item(id=...), headers=NAME)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert stored(owner) == 1


def test_the_same_key_with_another_body_is_422(api: Caller, owner: Project) -> None:
    api.post("interactions/", item(1), headers=NAME)
    response = api.post("interactions/", item(2), headers=NAME)

    assert (response.status_code, response.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert stored(owner) == 1


def test_while_the_first_is_running_the_second_is_409(api: Caller, owner: Project) -> None:
    api.post("interactions/", item(1), headers=NAME)
    StoredAnswer.objects.update(status=0)

    response = api.post("interactions/", item(1), headers=NAME)
    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize("days", [-1, 1])
def test_the_key_of_a_request_that_died_is_free_again_also_when_the_clock_was_set_back(
    api: Caller, days: int
) -> None:
    api.post("interactions/", item(1), headers=NAME)
    moment = timezone.now() + days * (ABANDONED + timedelta(seconds=10))
    StoredAnswer.objects.update(status=0, created_at=moment)

    response = api.post("interactions/", item(1), headers=NAME)
    assert (response.status_code, response.json()["status"]) == (200, "duplicate")


@pytest.mark.parametrize("path", ["interactions/", "interactions/batch/"])
def test_what_was_stored_before_the_process_died_is_met_again_though_it_has_no_id(
    api: Caller, owner: Project, path: str
) -> None:
    sent: Any = item(id=...) if path == "interactions/" else [item(n, id=...) for n in range(3)]
    api.post(path, sent, headers=NAME)
    count = stored(owner)
    StoredAnswer.objects.all().delete()  # it died before the answer was noted
    again = api.post(path, sent, headers=NAME).json()

    assert again.get("status", "duplicate") == "duplicate"
    assert again.get("duplicates", 3) == 3
    assert stored(owner) == count


def test_ids_made_of_a_key_differ_by_key_item_and_project(api: Caller, owner: Project) -> None:
    api.post("interactions/batch/", [item(id=...), item(id=...)], headers=NAME)
    api.post("interactions/", item(id=...), headers={"Idempotency-Key": "k-2"})
    caller(project()).post("interactions/", item(id=...), headers=NAME)

    ids = ModelInteraction.objects.values_list("id", flat=True)
    assert len(set(ids)) == 4
    assert {UUID(name).version for name in ids} == {8}


def test_a_refused_request_may_be_corrected_and_sent_again(api: Caller) -> None:
    assert api.post("interactions/", item(duration=-1), headers=NAME).status_code == 422

    assert api.post("interactions/", item(1), headers=NAME).status_code == 201


def test_a_request_that_failed_leaves_its_key_free(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(interactions, "store_arrivals", None)
        assert api.post("interactions/", item(1), headers=NAME).status_code == 500

    assert api.post("interactions/", item(1), headers=NAME).status_code == 201


def test_after_a_day_the_key_is_new(api: Caller) -> None:
    api.post("interactions/", item(1), headers=NAME)
    assert timedelta(hours=24) == LIFETIME
    StoredAnswer.objects.update(created_at=timezone.now() - LIFETIME - timedelta(minutes=1))

    assert "Idempotent-Replayed" not in api.post("interactions/", item(1), headers=NAME)


def test_keys_belong_to_a_project_and_to_an_endpoint(api: Caller, owner: Project) -> None:
    api.post("interactions/", item(1), headers=NAME)
    elsewhere = caller(project()).post("interactions/", item(1), headers=NAME)
    batch = api.post("interactions/batch/", [item(2)], headers=NAME)
    colleague = Caller(key_of(owner)).post("interactions/", item(1), headers=NAME)

    assert (elsewhere.status_code, batch.status_code) == (201, 207)
    assert colleague["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(api: Caller, name: str) -> None:
    response = api.post("interactions/", item(1), headers={"Idempotency-Key": name})

    assert response.status_code == 422


def test_a_prune_sent_twice_prunes_once(api: Caller, owner: Project) -> None:
    (pattern,) = learned(owner, 3)
    order = {"ids": [str(pattern.pk)]}
    first = api.post("patterns/prune/", order, headers=NAME).json()
    again = api.post("patterns/prune/", order, headers=NAME).json()

    assert first == again
    assert first["affected"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("interactions/", item(1)),
        ("interactions/batch/", [item(1)]),
        ("feedback/", {"interaction_id": "i-0", "metric_name": "score", "value": 1}),
        ("patterns/prune/", {"filter": {"status": "drifting"}}),
        ("patterns/PATTERN/confidence/", {"success": True}),
    ],
)
def test_every_post_that_changes_something_takes_the_key(
    api: Caller, owner: Project, path: str, body: Any
) -> None:
    (pattern,) = learned(owner, 3)
    path = path.replace("PATTERN", str(pattern.pk))
    first = api.post(path, body, headers=NAME)
    again = api.post(path, body, headers=NAME)

    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content


def test_a_compressed_body_is_the_same_body(api: Caller, owner: Project) -> None:
    body = gzip.compress(json.dumps(item(id=...)).encode(), mtime=0)
    headers = NAME | {"Content-Encoding": "gzip"}
    assert api.post("interactions/", body, headers=headers).status_code == 201
    assert api.post("interactions/", body, headers=headers)["Idempotent-Replayed"] == "true"
    assert stored(owner) == 1
