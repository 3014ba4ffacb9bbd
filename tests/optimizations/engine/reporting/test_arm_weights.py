"""Which arm a call counts for, and with which weight, when memory is compared with the holdout."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import Draw, Task, TaskDecision
from optimizations.engine.reporting.arm_weights import HOLDOUT, MEMORY, weigh_arm

TASK = Task("m", "x", "t")


def outcome(*draws: Draw, **more: Any) -> Outcome:
    return Outcome("i", TASK, "m", 0.0, TaskDecision("d", TASK, draws=draws), score=1.0, **more)


def draw(chosen: str, chance: float) -> Draw:
    return Draw("route_model", "m", ("", "o"), (1 - chance, chance), chosen)


def test_a_changed_call_counts_once() -> None:
    assert weigh_arm(outcome(draw("o", 0.9))) == (MEMORY, 1.0)


@pytest.mark.parametrize(("chance", "weight"), [(0.5, 1.0), (0.9, 9.0), (0.1, 1 / 9)])
def test_a_held_out_call_stands_for_the_changed_ones_beside_it(
    chance: float, weight: float
) -> None:
    arm = weigh_arm(outcome(draw("", chance)))

    assert arm is not None
    assert arm[0] == HOLDOUT
    assert arm[1] == pytest.approx(weight)


def test_no_call_stands_for_more_than_forty_nine() -> None:
    arm = weigh_arm(outcome(draw("", 0.999)))

    assert arm is not None
    assert arm[1] == pytest.approx(49.0)


def test_a_call_without_any_choice_is_not_compared() -> None:
    assert weigh_arm(outcome()) is None
    assert weigh_arm(Outcome("i", TASK, "m", 0.0, score=1.0)) is None
    assert weigh_arm(outcome(Draw("route_model", "m", ("",), (1.0,), ""))) is None
