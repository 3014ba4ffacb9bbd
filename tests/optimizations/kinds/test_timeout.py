"""From a heavy tail to a limit on waiting, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from integration.learning.learn_batch import learn_next_batch
from optimizations.policy_runtime import outcomes
from optimizations.storage import decode_state
from tests import builders
from tests.optimizations.caller import Orchestrator

pytestmark = pytest.mark.django_db

TASK = {"model_id": "m", "task_type": "task.0", "input": "Where is my order 7?"}


def lasting(number: int) -> float:
    return 60_000.0 if number % 300 == 0 else 700.0 if number % 50 == 0 else 100.0


def history(caller: Orchestrator) -> None:
    """Two thousand tasks that nobody asked about."""
    items = [
        builders.item(n, id=f"old-{n}", model_id="m", task_type="task.0", duration=lasting(n))
        for n in range(2050)
    ]
    builders.keep(caller.owner, items)
    while learn_next_batch(caller.owner.pk).more:
        pass
    while outcomes.count_outcomes(caller.owner.pk, save=True):
        pass


def ran(prepared: dict[str, Any]) -> dict[str, Any]:
    number = int(prepared["decision_id"][-6:], 16)
    limits = [e["params"].get("timeout_ms") for e in prepared["optimizations_applied"]]
    slow = lasting(number)
    return {"success": True, "duration": min(slow, *(one + 100.0 for one in limits if one), slow)}


def test_a_limit_is_tried_against_a_control_group_and_its_effect_is_measured() -> None:
    caller = Orchestrator(builders.project(), ran)
    caller.config(exploration_budget=0.5, duration_weight=1.0)
    caller.register("m")
    history(caller)

    answers = caller.play([TASK] * 200)

    made = caller.only("timeout")
    arms = [e for a in answers for e in a["optimizations_applied"]]
    assert made.params == {"timeout_ms": 840, "retries": 1}
    assert {"treatment", "holdout"} <= {entry["arm"] for entry in arms}
    assert all(entry["params"] == made.params for entry in arms if entry["arm"] == "treatment")
    assert min(decode_state(made).n_treated, decode_state(made).n_control) >= 20
    assert decode_state(made).lift[0] != 0.0  # a point at least: so few outcomes may bound nothing


def test_where_time_is_worth_nothing_the_tail_is_only_advised_about() -> None:
    caller = Orchestrator(builders.project(), ran)
    caller.register("m")
    history(caller)

    found = caller.call.get("optimizations/advice/").json()["data"]

    assert [one["code"] for one in found] == ["heavy_tail"]
    assert found[0]["figures"]["timeout_ms"] == 840
    assert not any(a["optimizations_applied"] for a in caller.play([TASK] * 5))
