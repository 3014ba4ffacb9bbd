"""What a trial takes, before it begins and while it runs."""

import numpy as np
import pytest

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import Request, Task
from optimizations.engine.policy import PolicyEngine
from optimizations.engine.review.experiment.power import TrialPlan
from tests.optimizations.engine.simulation import engine, play


def test_a_smaller_gap_takes_more_requests_with_the_square() -> None:
    plan = TrialPlan(0.9)
    wide, narrow = plan.count_needed(0.1, 20.0), plan.count_needed(0.05, 20.0)

    assert wide is not None
    assert narrow is not None
    assert narrow == pytest.approx(4 * wide, rel=0.01)


def test_no_gap_is_never_proven() -> None:
    assert TrialPlan(0.9).count_needed(0.0, 20.0) is None
    assert TrialPlan(0.9).chance(0.0, 20.0, 3000) == 0.0


def test_the_number_that_is_needed_suffices_in_half_of_the_trials() -> None:
    plan = TrialPlan(0.9)
    needed = plan.count_needed(0.05, 20.0) or 0

    assert plan.chance(0.05, 20.0, needed) == pytest.approx(0.5, abs=0.02)
    assert plan.chance(0.05, 20.0, 3 * needed) > 0.9


def test_the_smallest_gap_takes_all_requests() -> None:
    plan = TrialPlan(0.8)

    assert plan.count_needed(plan.smallest_gap(20.0, 3000), 20.0) == pytest.approx(3000, abs=1)


def powers(policy: PolicyEngine, requests: int) -> list[dict]:  # type: ignore[type-arg]
    found = []
    for _ in play(policy, lambda n, p, m: 0.9, requests):
        (state,) = policy.optimizations.values() or (None,)
        if state is not None and state.power:
            found.append(state.power)
    return found


def test_less_is_left_while_a_trial_runs() -> None:
    found = powers(engine(PolicySettings(shadow_budget=0.0)), 1500)

    assert found[0]["more"] > found[-1]["more"]
    assert 0 < found[0]["chance"] <= 1


def test_the_days_follow_from_the_pace_of_the_traffic() -> None:
    last = powers(engine(PolicySettings(shadow_budget=0.0)), 1000)[-1]

    assert last["per_day"] == pytest.approx(1440 * 0.1 / 0.33, rel=0.2)
    assert last["days"] == pytest.approx(last["more"] / last["per_day"])


def test_settings_that_cost_the_same_say_what_their_quality_takes_to_prove() -> None:
    """0.001 summed up and divided again differs by a rounding error, which is no saving to wait for."""
    policy = PolicyEngine(PolicySettings(), b"test")
    policy.register(
        ModelCard("trainer", ("fit",), None, {"tunable": {"depth": [1, 2], "width": [8, 16, 32]}})
    )
    rng = np.random.default_rng(1)
    for number in range(900):
        task = Task("trainer", f"fit {number}", "fit", {"depth": 1, "width": 8})
        decision = policy.decide(Request(f"r{number}", task, number * 60.0, pattern_id="p"))
        good = bool(rng.random() < 0.5 + 0.4 * (decision.task.parameters["depth"] == 2))
        policy.observe(
            Outcome(
                f"i{number}",
                decision.task,
                "trainer",
                number * 60.0,
                decision,
                "p",
                success=good,
                cost=0.001,
                duration=100.0,
            )
        )
        if policy.review_due:
            policy.review(number * 60.0)
            for state in policy.optimizations.values():
                assert OptimizationState.from_bytes(state.to_bytes()).power == state.power

    (chooser,) = [state for state in policy.optimizations.values() if state.tailored]
    assert chooser.status == "active" or 0 < chooser.power["more"] < 10_000
