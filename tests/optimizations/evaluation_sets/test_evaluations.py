from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from optimizations.models import EvaluationTask, Optimization
from optimizations.policy_runtime import evaluations
from patterns.models import ModelInteraction, Pattern
from tests import builders
from tests.optimizations.shadow_answers import wished

pytestmark = pytest.mark.django_db
STATES = EvaluationTask.EvaluationState


def answer(number: int, model: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "set": "tickets",
        "task_type": "sort",
        "input": f"Which team answers ticket {5000 + number}?",
        "model_id": model,
        "score": 1.0,
        "cost": 1.0 if model == "large" else 0.1,
    }
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def both(number: int, **changes: Any) -> list[dict[str, Any]]:
    return [answer(number, "large"), answer(number, "small", **changes)]


def test_answers_to_one_task_are_one_task() -> None:
    owner = builders.project()
    call = builders.caller(owner)

    found = call.post("evaluations/", [*both(1), *both(2)])
    again = call.post("evaluations/", both(1, score=0.5))

    assert found.status_code == again.status_code == 207
    assert (found.json()["tasks"], found.json()["answers"]) == (2, 4)
    assert (again.json()["tasks"], again.json()["answers"]) == (0, 0)
    first = EvaluationTask.objects.filter(project=owner).order_by("number")[0]
    assert [one["score"] for one in first.answers] == [1.0, 0.5]


def test_a_bad_answer_is_refused_alone_and_says_what_is_missing() -> None:
    call = builders.caller(builders.project())

    found = call.post("evaluations/", [answer(1, "large"), answer(1, "small", score=...)]).json()

    problem = found["rejected"][0]["problem"]
    assert (found["accepted"], found["rejected"][0]["index"]) == (1, 1)
    assert problem["errors"][0]["pointer"] == "/score"


def test_ndjson_is_taken_as_well() -> None:
    call = builders.caller(builders.project())
    lines = b'{"model_id":"m","input":1,"success":true}\n{"model_id":"n","input":1,"success":false}'

    found = call.post("evaluations/", lines, content_type="application/x-ndjson")

    assert (found.status_code, found.json()["tasks"]) == (207, 1)


def test_a_set_is_evidence_and_never_traffic() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    made.play([wished.task(number) for number in range(220)])
    before = ModelInteraction.objects.count(), Pattern.objects.get().use_count
    made.call.post("evaluations/", [one for number in range(120) for one in both(number)])

    while evaluations.count_next(owner.pk):
        pass

    tasks = EvaluationTask.objects.filter(project=owner)
    assert not tasks.exclude(state=STATES.COUNTED).exists()
    assert {task.pattern_id for task in tasks} == {Pattern.objects.get().pk}
    assert (ModelInteraction.objects.count(), Pattern.objects.get().use_count) == before
    assert Optimization.objects.get(project=owner, type="route_model").status in ("trial", "active")


def test_matching_and_counting_take_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    made.play([wished.task(number) for number in range(120)])
    made.call.post("evaluations/", [one for number in range(100) for one in both(number)])
    evaluations.find_ready(owner.pk)

    with django_assert_max_num_queries(8):
        assert evaluations.count_next(owner.pk) == 100
    with django_assert_max_num_queries(45):
        assert evaluations.count_next(owner.pk) == 50


def test_it_waits_until_there_is_traffic_to_compare_with() -> None:
    owner = builders.project()
    wished.orchestrator(owner).call.post("evaluations/", both(1))

    assert evaluations.count_next(owner.pk) == 0
    assert EvaluationTask.objects.get(project=owner).state == STATES.NEW


def test_sets_are_listed_with_the_share_of_the_traffic_they_cover() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    made.play([wished.task(number) for number in range(120)])
    made.call.post("evaluations/", [*both(1), *both(2)])
    while evaluations.count_next(owner.pk):
        pass

    found = made.call.get("evaluations/").json()["data"]

    assert [(one["set"], one["tasks"], one["counted"], one["coverage"]) for one in found] == [
        ("tickets", 2, 2, 1.0)
    ]


def test_a_set_can_be_deleted_and_another_project_has_none() -> None:
    owner = builders.project()
    call = builders.caller(owner)
    call.post("evaluations/", both(1))

    stranger = builders.caller(builders.project()).send("DELETE", "evaluations/tickets/")
    gone = call.send("DELETE", "evaluations/tickets/")

    assert (stranger.status_code, gone.json()) == (404, {"tasks": 1})
    assert not EvaluationTask.objects.exists()
