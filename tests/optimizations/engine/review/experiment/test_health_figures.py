"""The health of experiments, from requests to figures."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Request, Task, TaskDecision
from optimizations.engine.policy import PolicyEngine
from tests.optimizations.engine.simulation import LARGE, engine, outcome, play

SETTINGS = PolicySettings(shadow_budget=0.0)


def running() -> PolicyEngine:
    policy = engine(SETTINGS)
    list(play(policy, lambda n, p, m: 0.9, 200))
    return policy


def ask(policy: PolicyEngine, number: int, session: str | None = None) -> TaskDecision:
    task = Task(LARGE, f"hello {number}", "chat", session_id=session)
    at = number * 60.0
    return policy.decide(Request(f"r{number}", task, at, pattern_id="p", unit=session or ""))


def health(policy: PolicyEngine) -> dict:  # type: ignore[type-arg]
    policy.review(1e5)
    (state,) = policy.optimizations.values()
    return state.health


def late(decision: TaskDecision, number: int, delay: float) -> Outcome:
    return msgspec.structs.replace(outcome(decision, number, True), delay=delay)


def test_a_session_that_lasts_while_the_shares_move_crosses() -> None:
    policy = running()
    sessions = [f"s{n}" for n in range(300)]
    for number, session in enumerate(sessions, 1000):
        policy.observe(outcome(ask(policy, number, session), number, True))
    for plans in policy._memory.table.plans.values():  # what an alarm does to the shares
        for plan in [plans.default, *plans.by_pattern.values()]:
            for choice in plan.choices:
                msgspec.structs.force_setattr(choice, "probability", 0.6)
    for number, session in enumerate(sessions, 2000):
        policy.observe(outcome(ask(policy, number, session), number, True))

    found = health(policy)["sessions"]

    assert (found["n"], found["returned"]) == (300, 300)
    assert 30 < found["crossed"] < 150
    assert found["warn"]


def test_requests_without_a_session_never_cross() -> None:
    assert health(running())["sessions"]["n"] == 0


def test_outcomes_that_never_came_are_counted_by_arm_and_hold_the_change() -> None:
    policy = running()
    lost = 0
    for number in range(1000, 1800):
        decision = ask(policy, number)
        if any(draw.chosen for draw in decision.draws) and lost < 40:
            policy.miss(decision)
            lost += 1
        else:
            policy.observe(late(decision, number, 2.0))

    found = health(policy)
    (state,) = policy.optimizations.values()

    arms = [found["outcomes"][arm]["missing"] for arm in ("treatment", "holdout")]
    assert arms == [40, 0]
    assert found["outcomes"]["differs"]
    assert state.imbalanced
    assert "never came" in state.transitions[-1].text


def test_delays_are_those_of_each_arm() -> None:
    policy = running()
    for number in range(1000, 1200):
        decision = ask(policy, number)
        treated = any(draw.chosen for draw in decision.draws)
        policy.observe(late(decision, number, 30.0 if treated else 0.5))

    found = health(policy)["outcomes"]

    assert (found["treatment"]["within_s"], found["holdout"]["within_s"]) == (60.0, 1.0)


def test_the_months_hold_only_what_came_after_the_activation() -> None:
    policy = engine(SETTINGS)
    list(play(policy, lambda n, p, m: 0.97, 3500))
    (state,) = policy.optimizations.values()
    began = next(step for step in state.transitions if step.target == "active")

    found = state.health["since_activation"]

    assert found["promised"]["utility"] > 0
    counted = found["total"]["n"]["treatment"] + found["total"]["n"]["holdout"]
    assert 0 < counted <= 3500 - began.at / 60
    assert found["months"][-1]["total"] == found["total"]


def test_the_months_survive_a_snapshot_and_a_restart() -> None:
    policy = engine(SETTINGS)
    list(play(policy, lambda n, p, m: 0.97, 3000))
    states = list(policy.take_changes().optimizations)
    again = PolicyEngine.restore(states, policy.snapshot(), SETTINGS, b"test")
    (trial,) = again._trials.values()

    assert trial.tests.months.months
    assert trial.tests.start_again().months == trial.tests.months
