"""From the switch to the answer, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.policy_runtime.policy_cache import policies
from tests import builders
from tests.optimizations.caller import Orchestrator

pytestmark = pytest.mark.django_db

MARKS = ("?", "!", ".", "??", "!!", "..", "?!", "!?", "?.", ".!")  # some of them are held out
ASKED = "Can I send 50 euros to Ana on 2026-01-02"


def task(text: str) -> dict[str, Any]:
    return {"model_id": "m", "task_type": "chat", "input": text}


def answered(prepared: dict[str, Any]) -> dict[str, Any]:
    """The same matter has the same answer, however it is spelled."""
    cached = prepared["cached_output"]
    words = prepared["task"]["input"].casefold().strip("?!. ").split()
    return {"output": cached if cached is not None else f"About {words}", "success": ...}


def spelled(number: int) -> str:
    """Each of forty questions in another way every time, and the one that is asked later."""
    text = f"Where is parcel {number % 40} kept" if number % 41 else ASKED
    marks = "".join(".?"[number // 41 >> bit & 1] for bit in range(5))
    return (text.upper() if number // 41 % 2 and number % 41 else text) + marks


def served_after(similar: bool) -> Orchestrator:
    owner = builders.project()
    caller = Orchestrator(owner, answered)
    if similar:
        caller.config(cache_similar=True)
    caller.play(task(spelled(number)) for number in range(600))
    return caller


def test_nearly_repeated_tasks_are_answered_from_the_cache_when_that_is_chosen() -> None:
    caller = served_after(similar=True)
    answers = caller.play(task(spelled(number)) for number in range(600, 640))

    served = [a for a in answers if a["cached_output"] is not None]
    kinds = {entry["type"] for a in served for entry in a["optimizations_applied"]}

    assert len(served) > 30
    assert kinds == {"cache_similar"}
    assert caller.only("cache_similar").status == "active"


def test_nothing_similar_is_served_by_default() -> None:
    caller = served_after(similar=False)

    answers = caller.play(task(spelled(number)) for number in range(600, 640))

    assert not any(answer["optimizations_applied"] for answer in answers)


OTHERS = (
    "Can I not send 50 euros to Ana on 2026-01-02",
    "Can I send 500 euros to Ana on 2026-01-02",
    "Can I send 50 pounds to Ana on 2026-01-02",
    "Can I send 50 euros to Ana on 2026-02-01",
    "Can I send 50 euros to Bob on 2026-01-02",
)


def test_a_difference_that_matters_is_never_overlooked() -> None:
    """Negation, number, unit, date, entity."""
    caller = served_after(similar=True)
    alike = [caller.call.post("tasks/prepare/", {"task": task(ASKED + m)}).json() for m in MARKS]
    assert any(answer["cached_output"] for answer in alike)

    tries = [caller.call.post("tasks/prepare/", {"task": task(text)}) for text in OTHERS * 5]

    assert {answer.json()["cached_output"] for answer in tries} == {None}
    assert caller.call.post("optimizations/purge-cache/", {}).json()["purged"] > 40
    again = [caller.call.post("tasks/prepare/", {"task": task(ASKED + m)}).json() for m in MARKS]
    assert not any(answer["cached_output"] for answer in again)


def test_switching_it_off_ends_it_in_this_process_too() -> None:
    caller = served_after(similar=True)
    caller.config(cache_similar=False)
    policies.drop(caller.owner.pk)  # as after two seconds

    answers = caller.play(task(spelled(number)) for number in range(600, 625))

    assert not any(answer["optimizations_applied"] for answer in answers)
    assert caller.only("cache_similar").status == "suspended"
