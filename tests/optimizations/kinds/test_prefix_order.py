"""From the parts of a prompt to the order that the provider's cache can use, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.models import EvidencePoint, OptimizationEvent
from optimizations.storage import decode_state
from tests import builders
from tests.optimizations.caller import Orchestrator

pytestmark = pytest.mark.django_db

RULES = "Answer in English, name the source, and be brief. " * 10


def task(number: int) -> dict[str, Any]:
    parts = [f"It is {number} o'clock.", RULES, f"Where is parcel {number}?"]
    return {"model_id": "m", "task_type": "chat", "input": f"Where is {number}?", "parts": parts}


def ran(prepared: dict[str, Any]) -> dict[str, Any]:
    """The provider's cache holds what stands first, and costs a tenth."""
    first = prepared["task"]["parts"][0] == RULES
    used = {"input_tokens": 400, "output_tokens": 40, "cached_input_tokens": 350 if first else 0}
    return {"success": True, "usage": {**used, "cost": 0.1 if first else 1.0}}


def test_parts_that_recur_are_put_first_once_that_is_proven() -> None:
    caller = Orchestrator(builders.project(), ran)
    caller.config(exploration_budget=0.5)
    caller.register("m")
    before = caller.play(task(number) for number in range(200))
    assert not any(answer["changed"] for answer in before)

    answers = caller.play(task(number) for number in range(200, 700))

    made = caller.only("prefix_order")
    assert [made.status, *steps(caller)] == ["active", "candidate trial", "trial active"]
    assert decode_state(made).lift[1] > 0
    assert EvidencePoint.objects.filter(optimization_id=made.id).count() > 3
    changed = [answer for answer in answers[-50:] if answer["changed"]]
    assert len(changed) > 30
    asked = [f"It is {699} o'clock.", f"Where is parcel {699}?"]
    assert answers[-1]["task"]["parts"] in ([RULES, *asked], [asked[0], RULES, asked[1]])


def steps(caller: Orchestrator) -> list[str]:
    events = OptimizationEvent.objects.filter(project=caller.owner).order_by("pk")
    return [f"{event.before} {event.after}" for event in events if event.before != event.after]


def test_a_slot_that_breaks_the_prompt_cache_is_advised_about_with_its_cost() -> None:
    caller = Orchestrator(builders.project(), lambda prepared: {"success": True})
    caller.register("m", prices={"input_per_1m": 1000.0})
    texts = (f"It is {number} o'clock. {RULES}" for number in range(210))
    caller.play({"model_id": "m", "task_type": "chat", "input": text} for text in texts)

    found = caller.call.get("optimizations/advice/").json()["data"]

    (advice,) = [one for one in found if one["code"] == "volatile_prefix"]
    assert "breaks the provider's prompt cache" in advice["text"]
    assert advice["figures"]["cost_per_1000"] == pytest.approx(57, abs=4)
