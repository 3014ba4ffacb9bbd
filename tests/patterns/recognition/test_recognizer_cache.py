"""The recognisers this process keeps: bounded, refreshed, exactly what was saved when learning."""

from __future__ import annotations

import time
from typing import Any

import pytest

from featurememory.models import FeatureMemoryConfig, Project
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.models import FailedRecord, Learner, ModelInteraction, Pattern
from patterns.recognition.recognizer_cache import (
    RecognizerCache,
    append_unsaved,
    load_recognizer,
    recognizers,
)
from tests.builders import item, items, keep, learn_all, learned, observation, project

pytestmark = pytest.mark.django_db


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_question_is_answered_from_memory(owner: Project, django_assert_num_queries: Any) -> None:
    learned(owner, 3)
    recognizers.for_reading(owner.pk)
    with django_assert_num_queries(0):
        recognizers.for_reading(owner.pk)


def test_what_another_process_learned_is_seen_within_seconds(
    owner: Project, moment: list[float]
) -> None:
    learned(owner, 3)
    other = RecognizerCache()
    assert len(other.for_reading(owner.pk).recognizer) == 1
    keep(owner, [item(9, task_type="new")])
    learn_all(owner)
    assert len(other.for_reading(owner.pk).recognizer) == 1

    moment[0] += RecognizerCache.STALE_S + 0.1
    assert len(other.for_reading(owner.pk).recognizer) == 2


def test_a_learner_never_goes_on_from_an_old_state(owner: Project) -> None:
    learned(owner, 3)
    other = RecognizerCache()
    other.for_learning(owner.pk)
    keep(owner, [item(9, task_type="new")])
    learn_all(owner)

    kept = other.for_learning(owner.pk)
    assert len(kept.recognizer) == 2
    assert kept.version == Learner.objects.get(pk=owner.pk).version


def test_a_recogniser_that_is_loaded_again_answers_like_the_one_that_learned(
    owner: Project,
) -> None:
    learned(owner, 40, tasks=4)
    here = recognizers.for_learning(owner.pk).recognizer
    loaded = load_recognizer(owner.pk).recognizer

    for number in range(40):
        asked = observation(number, task_type=f"task.{number % 4}")
        first, second = here.match_one(asked), loaded.match_one(asked)
        assert first is not None
        assert second is not None
        assert (first.pattern_id, first.confidence) == (second.pattern_id, second.confidence)


def test_pruned_patterns_are_not_loaded(owner: Project) -> None:
    first, second = learned(owner, 4, tasks=2)
    Pattern.objects.filter(pk=first.pk).update(status="archived")

    assert [one.id for one in load_recognizer(owner.pk).recognizer] == [str(second.pk)]


def test_thresholds_reach_the_recogniser(owner: Project) -> None:
    FeatureMemoryConfig.objects.create(project=owner, max_patterns=7, confidence_threshold=0.9)

    settings = recognizers.for_reading(owner.pk).recognizer.settings
    assert (settings.max_patterns, settings.confidence_threshold) == (7, 0.9)


def test_it_evicts_the_project_that_was_not_used_for_longest() -> None:
    small = RecognizerCache()
    owners = [project() for _ in range(RecognizerCache.SIZE + 1)]
    for owner in owners[:-1]:
        small.for_reading(owner.pk)
    small.for_reading(owners[0].pk)
    small.for_reading(owners[-1].pk)

    assert len(small.list_entries()) == RecognizerCache.SIZE
    assert small.find(owners[0].pk) is not None
    assert small.find(owners[1].pk) is None


def test_what_is_dropped_is_read_again(owner: Project) -> None:
    first = recognizers.for_reading(owner.pk)
    recognizers.drop(owner.pk)

    assert recognizers.for_reading(owner.pk) is not first


def test_figures_tell_how_well_the_caches_do(owner: Project) -> None:
    (row,) = learned(owner, 3)
    storage = recognizers.for_learning(owner.pk).storage
    storage.get(str(row.pk))
    storage.get(str(row.pk))

    figures = recognizers.count_cached()
    assert figures["size"] >= 1
    assert figures["hits"] >= 1
    assert figures["misses"] >= 1


def test_learning_a_batch_costs_a_bounded_number_of_queries(
    owner: Project, django_assert_max_num_queries: Any
) -> None:
    learned(owner, 50, tasks=5)
    keep(owner, items(200, tasks=5, start=100))
    with django_assert_max_num_queries(45):
        learn_all(owner, limit=1000)


def test_what_cannot_be_replayed_is_left_out_and_the_project_learns_on(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 4)
    number = ModelInteraction.objects.get(id="i-3").number
    append_unsaved(row := Learner.objects.get(pk=owner.pk), [number])
    row.save()
    restore = DefaultPatternRecognizer.restore

    def refuse_replay(
        states: Any, snapshot: Any, settings: Any, since: Any = (), **more: Any
    ) -> Any:
        if since:
            raise IndexError("list index out of range")
        return restore(states, snapshot, settings, since, **more)

    monkeypatch.setattr(DefaultPatternRecognizer, "restore", refuse_replay)
    recognizers.drop()
    keep(owner, items(2, start=4))

    assert learn_all(owner) == 2
    assert "list index" in FailedRecord.objects.get(work="loading").reason
