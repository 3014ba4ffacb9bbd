from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Project
from optimizations.models import Optimization
from optimizations.storage import decode_state
from optimizations.what_if import ask_for_optimization
from tests import builders
from tests.optimizations.builders import routed
from tests.optimizations.caller import Orchestrator

pytestmark = pytest.mark.django_db

QUESTION = {"type": "route_model", "params": {"model_id": "small"}, "task_type": "task.0"}


def ran(prepared: dict[str, Any]) -> dict[str, Any]:
    """The large model is always right, the small one half of the time and at a tenth."""
    small = prepared["task"]["model_id"] == "small"
    right = not small or int(prepared["decision_id"][-4:], 16) % 2 == 0
    return {"success": right, "usage": {"cost": 0.1 if small else 1.0}}


def half_routed(requests: int) -> tuple[Project, Optimization]:
    """Half of the tasks are served by the small model, by a person's wish."""
    owner = builders.project()
    caller = Orchestrator(owner, ran)
    caller.config(holdout=0.5)
    made = routed(owner)
    task = {"model_id": "large", "task_type": "task.0"}  # no two alike: none comes from the cache
    caller.play([{**task, "input": f"Where is my order {n}?"} for n in range(requests)])
    return owner, made


def asked(owner: Project, **changes: Any) -> Any:
    return builders.caller(owner, "ro").post("policy/what-if/", QUESTION | changes)


def test_the_log_tells_what_the_change_would_have_been_worth_everywhere() -> None:
    owner, _ = half_routed(300)

    found = asked(owner).json()

    assert found["refused"] is None
    assert found["value"]["quality"]["point"] == pytest.approx(0.5, abs=0.17)
    assert found["value"]["quality"]["low"] < found["value"]["quality"]["high"] < 0.8
    assert found["difference"]["quality"]["point"] == pytest.approx(-0.5, abs=0.17)
    assert found["difference"]["cost"]["point"] == pytest.approx(-0.9, abs=0.05)
    assert (found["n"], found["support"], found["base"]) == (300, 1.0, "large")
    assert "against leaving them alone" in found["sentence"]


def test_it_refuses_what_the_log_does_not_hold() -> None:
    owner, _ = half_routed(60)

    unknown = asked(owner, params={"model_id": "unheard-of"}).json()
    other = asked(owner, task_type="never.seen").json()

    assert "0% of the 60 logged requests could have been served this way" in unknown["refused"]
    assert "No newer decision about these tasks" in other["refused"]
    assert unknown["value"] == {"utility": None, "quality": None, "cost": None}


def test_too_few_requests_are_refused() -> None:
    owner, _ = half_routed(60)

    assert "effective sample size" in asked(owner).json()["refused"]


def test_a_session_counts_once() -> None:
    owner, made = half_routed(20)
    caller = Orchestrator(owner, ran)
    caller.count = 1000
    task = {"model_id": "large", "task_type": "task.0", "input": "Where is my order 9?"} | {
        "session_id": "s"
    }
    caller.play([task] * 10)

    assert ask_for_optimization(owner.pk, decode_state(made)).estimate.n == 21


@pytest.mark.parametrize(
    "changes",
    [{"type": "cache_response"}, {"type": "magic"}, {"params": {}}, {"pattern_ids": ["x"]}],
)
def test_questions_that_make_no_sense_are_422(changes: dict[str, Any]) -> None:
    assert asked(builders.project(), **changes).status_code in (404, 422)


def test_no_decision_at_all_is_a_refusal_and_no_error() -> None:
    answer = asked(builders.project())

    assert answer.status_code == 200
    assert answer.json()["refused"]
