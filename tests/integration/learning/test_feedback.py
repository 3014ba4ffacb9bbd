"""Late feedback: the last word per metric counts, all are kept, figures follow."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from featurememory.models import Project
from integration.learning import learn_batch
from integration.learning.feedback import FeedbackIn, store_feedback
from patterns.models import Feedback, ModelInteraction
from patterns.recognition import lease
from patterns.recognition.recognizer_cache import recognizers
from tests.builders import (
    Caller,
    caller,
    items,
    keep,
    learn_all,
    learned,
    rebuilt_figures,
    rollup_figures,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(owner: Project) -> Caller:
    return caller(owner, "in")


def word(value: Any, metric: str = "score", **target: str) -> dict[str, Any]:
    return {"metric_name": metric, "value": value} | (target or {"interaction_id": "i-0"})


def row(owner: Project, name: str = "i-0") -> ModelInteraction:
    found: ModelInteraction = ModelInteraction.objects.get(project=owner, id=name)
    return found


def test_feedback_is_stored_and_the_interaction_follows(api: Caller, owner: Project) -> None:
    keep(owner, items(1))
    response = api.post("feedback/", word(0.25))

    assert (response.status_code, response.json()["status"]) == (201, "stored")
    assert row(owner).score == 0.25


def test_the_last_word_counts_and_all_are_kept(api: Caller, owner: Project) -> None:
    learned(owner, 1)
    for value in (0.1, 0.9, 0.4):
        api.post("feedback/", word(value))

    assert row(owner).score == 0.4
    assert list(Feedback.objects.order_by("pk").values_list("value", flat=True)) == [0.1, 0.9, 0.4]


@pytest.mark.parametrize(("metric", "value"), [("success", False), ("score", 0.0)])
def test_after_learning_the_rollups_follow_too(
    api: Caller, owner: Project, metric: str, value: Any
) -> None:
    learned(owner, 4)
    before = rollup_figures(owner)
    api.post("feedback/", word(value, metric))

    assert rollup_figures(owner) != before
    assert rollup_figures(owner) == rebuilt_figures(owner)


def test_feedback_that_comes_while_its_interaction_is_being_learned_counts(owner: Project) -> None:
    keep(owner, items(2))
    lease.acquire_lease(owner.pk, "me")
    kept = recognizers.for_learning(owner.pk)
    batch = learn_batch.recognise_rows(kept, learn_batch.read_pending(owner.pk, 10))
    store_feedback(owner, FeedbackIn("success", False, interaction_id="i-0"))
    learn_batch.save_batch(owner.pk, kept, batch)

    assert rollup_figures(owner) == rebuilt_figures(owner)


def test_feedback_before_learning_is_learned(api: Caller, owner: Project) -> None:
    keep(owner, items(2))
    api.post("feedback/", word(0.0))
    learn_all(owner)

    assert rollup_figures(owner) == rebuilt_figures(owner)


def test_a_session_is_judged_as_a_whole(api: Caller, owner: Project) -> None:
    learned(owner, 3, session_id="s-1")
    assert api.post("feedback/", word(False, "success", session_id="s-1")).status_code == 201

    assert {one.success for one in ModelInteraction.objects.filter(project=owner)} == {False}
    assert rollup_figures(owner) == rebuilt_figures(owner)


def test_feedback_on_a_decision_may_come_before_its_interaction(api: Caller) -> None:
    assert api.post("feedback/", word(True, "success", decision_id="d-1")).status_code == 201


def test_other_metrics_are_kept_and_change_nothing(api: Caller, owner: Project) -> None:
    learned(owner, 2)
    before = rollup_figures(owner)

    assert api.post("feedback/", word("Thanks!", "comment")).status_code == 201
    assert rollup_figures(owner) == before


@pytest.mark.parametrize("target", [{"interaction_id": "none"}, {"session_id": "none"}])
def test_feedback_on_what_is_not_there_is_404(api: Caller, target: dict[str, str]) -> None:
    assert api.post("feedback/", word(1, **target)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"metric_name": "score", "value": 1},
        word(1, interaction_id="i-0", session_id="s"),
        word(2),
        word(-0.1),
        word("good"),
        word(True),
        word(1, "success"),
        word([1], "tags"),
        word({"a": 1}, "tags"),
        word("a\x00b", "comment"),
        word(1, "a\x00b"),
        word(1, interaction_id="a\x00b"),
        word("x" * 10_001, "comment"),
        word(1, "x" * 101),
    ],
)
def test_feedback_that_makes_no_sense_is_422(api: Caller, owner: Project, body: Any) -> None:
    learned(owner, 1)
    before = rollup_figures(owner)

    assert api.post("feedback/", body).status_code == 422
    assert not Feedback.objects.exists()
    assert rollup_figures(owner) == before


def test_feedback_does_not_read_the_sample_of_the_recogniser(owner: Project) -> None:
    learned(owner, 1)
    with CaptureQueriesContext(connection) as queries:
        store_feedback(owner, FeedbackIn(metric_name="score", value=0.5, interaction_id="i-0"))

    assert not [one for one in queries.captured_queries if '"snapshot"' in one["sql"]]


@pytest.mark.parametrize("target", [{"interaction_id": "i-0"}, {"decision_id": "d-1"}])
def test_feedback_may_take_a_word_back_with_null(
    api: Caller, owner: Project, target: dict[str, str]
) -> None:
    keep(owner, items(1))

    assert api.post("feedback/", word(None, "comment", **target)).status_code == 201
    assert Feedback.objects.get().value is None
