"""One interaction that cannot be handled holds up no other, and tells why."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Project
from integration.learning import learn_batch, set_aside
from integration.learning.learn_batch import learn_next_batch
from integration.learning.pattern_changes import Batch
from patterns.engine.domain.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.models import FailedRecord, ModelInteraction
from tests.builders import Caller, damage, items, keep, learn_all, states_of, uses_and_recount

pytestmark = pytest.mark.django_db


def poison(monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    """The engine cannot learn one interaction of so many; another of so many cannot be saved."""
    learn, mark = DefaultPatternRecognizer.learn_one, learn_batch.mark_rows

    def learn_one(self: DefaultPatternRecognizer, observation: Observation) -> Any:
        if int(observation.id[2:]) % every == 0:
            raise IndexError("list index out of range")
        return learn(self, observation)

    def mark_rows(batch: Batch, version: str) -> None:
        if any(int(row.id[2:]) % every == every // 2 for row, _ in batch.rows):
            raise ValueError("a text no database takes")
        mark(batch, version)

    monkeypatch.setattr(DefaultPatternRecognizer, "learn_one", learn_one)
    monkeypatch.setattr(learn_batch, "mark_rows", mark_rows)


def test_of_a_stream_with_one_in_a_hundred_poisoned_all_others_are_recognised(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(owner, items(1000, tasks=3))
    poison(monkeypatch, every=200)  # five that cannot be learned, five that cannot be saved

    assert learn_all(owner) == 990
    assert states_of(owner) == {1: 990, 2: 10}
    stated, counted = uses_and_recount(owner)
    assert stated == counted
    reasons = set(FailedRecord.objects.values_list("reason", flat=True))
    assert len(reasons) == FailedRecord.objects.count() == 10


def test_the_reason_is_told_where_the_interaction_is_shown(owner: Project, api: Caller) -> None:
    keep(owner, items(2))
    damage(owner, "i-1")
    learn_all(owner)
    told = api.get("interactions/i-1/").json()

    assert told["status"] == "failed"
    assert told["why"]["failed"]["code"] == "RECOGNITION_FAILED"
    assert "the payload is damaged" in told["why"]["failed"]["reason"]
    assert told["why"]["failed"]["attempts"] == 1


def test_a_broken_project_sets_none_of_its_interactions_aside(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("nothing can be saved")

    keep(owner, items(3))
    monkeypatch.setattr(learn_batch, "record_progress", broken)

    with pytest.raises(TypeError):
        learn_next_batch(owner.pk)
    assert states_of(owner) == {0: 3}


def test_slow_inputs_end_the_batch_early_and_are_noted(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(owner, items(3))
    monkeypatch.setattr(learn_batch, "BATCH_MS", 0)
    monkeypatch.setattr(set_aside, "SLOW_S", 0.0)
    done = learn_next_batch(owner.pk)

    assert (done.count, done.more) == (1, True)
    assert FailedRecord.objects.get(work="slow").number == ModelInteraction.objects.get(id="i-0").pk
    assert learn_all(owner) == 2
