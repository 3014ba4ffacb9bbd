"""Patterns are split by topic where an evaluation set shows that models do better on some."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.config import forget_config
from featurememory.models import Activity, Project
from integration import topic_division
from integration.jobs import queue
from integration.models import Job
from optimizations.models import EvaluationTask
from optimizations.policy_runtime.policy_cache import policies
from patterns.curation.undo import undo_or_restore
from patterns.models import ModelInteraction, Operation, Pattern
from tests import builders
from tests.optimizations.caller import Orchestrator
from tests.optimizations.shadow_answers import wished
from tests.patterns.engine.topics.questions import ASK, score_questions, write_questions

pytestmark = pytest.mark.django_db
COUNT, TRAFFIC = 1_000, 130
TEXTS = write_questions(COUNT + TRAFFIC)
STATES = EvaluationTask.EvaluationState


@pytest.fixture(autouse=True)
def nothing_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_division, "_looked_at", type(topic_division._looked_at)())


def play(made: Orchestrator) -> None:
    made.play([{**wished.TASK, "input": ASK.format(text)} for text in TEXTS[COUNT:]])


def upload(made: Orchestrator, loss: float) -> None:
    gains = score_questions(COUNT, loss=loss)[:, 0] + 1
    for start in range(0, COUNT, 500):
        given: list[dict[str, Any]] = []
        for number in range(start, start + 500):
            task = {"set": "s", "task_type": "sort", "input": ASK.format(TEXTS[number])}
            given.append({**task, "model_id": "large", "score": 1.0, "cost": 1.0})
            given.append({**task, "model_id": "small", "score": gains[number], "cost": 0.1})
        assert made.call.post("evaluations/", given).status_code == 207


def prepared(owner: Project, loss: float = 0.6, **config: Any) -> Orchestrator:
    made = wished.orchestrator(owner)
    play(made)
    upload(made, loss)
    return made


def configure(made: Orchestrator, section: str, **values: Any) -> None:
    assert made.call.patch("config/", {section: values}).status_code == 200
    forget_config()


def count_all(owner: Project) -> None:
    while topic_division.count_evaluations(owner.pk):
        pass


def live(owner: Project) -> int:
    return Pattern.objects.stored().filter(project=owner, redirect_to=None).count()


def test_it_is_split_once_and_the_tasks_count_for_the_parts(owner: Project) -> None:
    prepared(owner)
    count_all(owner)
    split = Operation.objects.get(project=owner, kind="split")
    tasks = EvaluationTask.objects.filter(project=owner)

    assert not tasks.filter(state=STATES.NEW).exists()
    assert tasks.filter(state=STATES.COUNTED).exists()
    assert len(set(tasks.values_list("pattern_id", flat=True))) == live(owner) >= 3
    assert "by topic" in Activity.objects.get(project=owner, operation_id=split.pk).summary
    shares = policies.for_deciding(owner.pk).engine.share_traffic("sort")
    assert len(shares.keys() - {""}) == live(owner)
    assert abs(sum(shares.values()) - 1) < 0.02


def test_stored_interactions_follow_by_a_job(owner: Project) -> None:
    prepared(owner)
    count_all(owner)
    queue.run_queued_jobs()

    assert Job.objects.get(project=owner, kind="follow_split").state == "done"
    held = ModelInteraction.objects.filter(project=owner).values_list("pattern_id", flat=True)
    assert len(set(held)) >= 2
    builders.check_counts(owner, TRAFFIC)


def test_it_stays_whole_where_topics_make_no_difference(owner: Project) -> None:
    prepared(owner, loss=0.0)
    count_all(owner)

    assert live(owner) == 1
    assert not Operation.objects.filter(project=owner, kind="split").exists()
    assert EvaluationTask.objects.filter(state=STATES.COUNTED).exists()


def test_what_people_undid_stays_undone(owner: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared(owner)
    count_all(owner)
    undo_or_restore(owner, "ana", Operation.objects.get(project=owner, kind="split").pk)
    assert live(owner) == 1
    topic_division._looked_at.clear()
    EvaluationTask.objects.update(state=STATES.NEW)
    count_all(owner)
    play(made)

    assert live(owner) == 1
    assert Operation.objects.filter(project=owner, kind="split").count() == 1


def test_a_project_may_switch_it_off(owner: Project) -> None:
    made = prepared(owner)
    configure(made, "patterns", split_by_topic=False)
    count_all(owner)

    assert live(owner) == 1
    assert EvaluationTask.objects.filter(state=STATES.COUNTED).exists()


def test_a_failure_of_the_split_does_not_hold_up_the_counting(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ArithmeticError("no convergence")

    prepared(owner)
    monkeypatch.setattr(topic_division, "learn_topics", fail)
    count_all(owner)

    assert live(owner) == 1
    assert EvaluationTask.objects.filter(state=STATES.COUNTED).exists()


def test_without_texts_of_people_the_parts_have_no_names(owner: Project) -> None:
    made = prepared(owner)
    configure(made, "privacy", mode="content_free")
    count_all(owner)

    assert set(Pattern.objects.stored().values_list("label", flat=True)) <= {None, ""}
