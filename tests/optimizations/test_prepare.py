from __future__ import annotations

from uuid import UUID

import pytest

from optimizations.decision_log import log
from optimizations.manager import OptimizationManager
from optimizations.models import Decision, PolicyState
from tests import builders
from tests.optimizations.builders import TASK, decide, register, routed, session_in

pytestmark = pytest.mark.django_db


def test_a_task_nobody_knows_comes_back_unchanged() -> None:
    owner = builders.project()
    task = {"model_id": "m", "task_type": "new", "input": {"x": [1]}, "tools": [{"name": "t"}]}

    answer = builders.caller(owner).post("tasks/prepare/", {"task": task}).json()

    assert answer["task"] == task
    assert (answer["changed"], answer["reason"], answer["propensity"]) == ([], "none", 1.0)


def test_the_decision_is_logged_before_the_answer() -> None:
    owner = builders.project()
    answer = decide(owner)

    row = Decision.objects.get(project=owner, id=answer["decision_id"])

    assert (row.reason, row.propensity, row.interaction) == ("none", 1.0, None)


def test_a_dry_run_logs_nothing() -> None:
    owner = builders.project()
    decide(owner, dry_run=True)

    assert not Decision.objects.filter(project=owner).exists()
    assert not PolicyState.objects.filter(pk=owner.pk).exists()


def test_the_pattern_of_a_known_task_is_named() -> None:
    owner = builders.project()
    pattern = builders.learned(owner, 5)[0]

    found = decide(owner)["patterns"]

    assert [UUID(entry["id"]) for entry in found] == [pattern.pk]
    assert 0 < found[0]["confidence"] <= 1


def test_a_pinned_optimization_is_applied() -> None:
    owner = builders.project()
    made = routed(owner)
    session = {"session_id": session_in(owner)}

    answer = decide(owner, task=session)

    assert answer["task"] == {**TASK, **session, "model_id": "small"}
    assert (answer["changed"], answer["reason"]) == (["model_id"], "pinned")
    assert [entry["id"] for entry in answer["optimizations_applied"]] == [made.id]


def test_the_holdout_stays_as_it_was() -> None:
    owner = builders.project()
    routed(owner)

    answer = decide(owner, task={"session_id": session_in(owner, "holdout")})

    assert (answer["changed"], answer["reason"]) == ([], "holdout")
    assert answer["propensity"] == pytest.approx(0.1)


def test_a_session_keeps_its_arm() -> None:
    owner = builders.project()
    routed(owner)
    session = {"session_id": session_in(owner)}

    assert {str(decide(owner, task=session)["changed"]) for _ in range(20)} == {"['model_id']"}


def test_models_limits_what_may_serve() -> None:
    owner = builders.project()
    routed(owner)
    session = {"session_id": session_in(owner)}

    assert decide(owner, task=session, models=["large"])["changed"] == []


def test_camel_case_names_are_understood() -> None:
    owner = builders.project()
    body = {"task": {"modelId": "m", "taskType": "t", "input": "x", "sessionId": "s"}}

    answer = builders.caller(owner).post("tasks/prepare/", body).json()

    assert answer["task"] == {"model_id": "m", "task_type": "t", "input": "x", "session_id": "s"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"input": ...}, "/task/input"),
        ({"model_id": 5}, "/task/model_id"),
        ({"parameters": []}, "/task/parameters"),
        ({"task_type": []}, "/task/task_type"),
    ],
)
def test_a_wrong_task_is_refused_with_its_pointer(change: dict, pointer: str) -> None:  # type: ignore[type-arg]
    task = {name: value for name, value in (TASK | change).items() if value is not ...}

    answer = builders.caller(builders.project()).post("tasks/prepare/", {"task": task})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_replay_gives_the_same_answer() -> None:
    owner = builders.project()
    routed(owner)
    answer = decide(owner)
    register(owner, "newer")

    again = builders.caller(owner).get(f"decisions/{answer['decision_id']}/replay/").json()

    assert {name: again[name] for name in answer} == answer


def test_a_decision_of_another_project_is_not_found() -> None:
    answer = decide(builders.project())
    other = builders.caller(builders.project())

    assert other.get(f"decisions/{answer['decision_id']}/replay/").status_code == 404


def test_the_same_idempotency_key_gets_the_same_decision() -> None:
    owner = builders.project()
    call = builders.caller(owner)
    answers = [
        call.post("tasks/prepare/", {"task": TASK}, headers={"Idempotency-Key": "k"}).json()
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert Decision.objects.filter(project=owner).count() == 1


def test_every_optimization_of_a_decision_finds_it_with_its_own_arm() -> None:
    owner = builders.project()
    register(owner, capabilities={"tunable": {"temperature": [0, 1]}})
    manager, made = OptimizationManager(owner), []
    for kind, base, params in (
        ("route_model", "large", {"model_id": "small"}),
        ("tune_parameters", "small", {"parameters": {"temperature": 0}}),
    ):
        stored = manager.store_optimization(kind, params, task_type="task.0", model_id=base)
        made.append(manager.act(stored.id, "pin", "tester"))
    names = (f"s-{number}" for number in range(1000))
    answers = (decide(owner, task={"session_id": name}) for name in names)
    both = next(
        a for a in answers if [e["arm"] for e in a["optimizations_applied"]] == ["treatment"] * 2
    )

    for one in made:
        found = log.find_by_optimization(owner.pk, one.id, 10)
        assert (found[0].id, found[0].arm) == (both["decision_id"], "treatment")
        assert log.find_by_optimization(owner.pk, "another", 10) == []
