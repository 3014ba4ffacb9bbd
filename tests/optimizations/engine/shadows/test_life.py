"""From candidate to active by shadows: what is proven, what is refuted, and what a crash may not skip."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import ModelCard, PolicySettings, Prices
from optimizations.engine.domain.task import TaskDecision
from optimizations.engine.policy import PolicyEngine
from tests.optimizations.engine.simulation import ask

PRICES = {"large": 1.0, "small": 0.05, "weak": 0.1}
Judge = Callable[[str, float], tuple[float, bool]]  # model, luck -> score, success
RIGHT = {"large": 0.9, "small": 0.93, "weak": 0.3}


def honest(model: str, luck: float) -> tuple[float, bool]:
    right = luck < RIGHT[model]
    return float(right), right


def gamed(model: str, luck: float) -> tuple[float, bool]:
    """The judge likes whatever the small model says; its tasks fail."""
    return (1.0, False) if model == "small" else honest(model, luck)


def pool(budget: float = 0.1) -> PolicyEngine:
    policy = PolicyEngine(PolicySettings(shadow_budget=budget, exploration_budget=0.1), b"life")
    for name, price in PRICES.items():
        policy.register(ModelCard(name, ("chat",), Prices(price, price)))
    return policy


def report(decision: TaskDecision, number: int, model: str, judge: Judge, luck: float) -> Outcome:
    score, success = judge(model, luck)
    task = msgspec.structs.replace(decision.task, model_id=model)
    text = f"{model} {number} {success}"
    return Outcome(
        f"{model}{number}", task, model, number * 60.0, decision, decision.pattern_id,
        success=success, score=score, cost=PRICES[model], duration=100.0, output=text,
    )  # fmt: skip


def play(
    policy: PolicyEngine,
    requests: int,
    judge: Judge = honest,
    live: Judge | None = None,
    start: int = 0,
    runs: bool = True,
) -> None:
    """Plays tasks; `live` judges what is served when that is another truth than that of shadows."""
    rng = np.random.default_rng(start + 7)
    for number in range(start, start + requests):
        decision, luck = policy.decide(ask(number)), float(rng.random())
        main = report(decision, number, decision.task.model_id, live or judge, luck)
        policy.observe(main)
        for wish in decision.shadows if runs else ():
            own = luck if rng.random() < 0.5 else float(rng.random())
            shadow = report(decision, number, wish.model_id, judge, own)
            policy.observe_shadow(main, wish.shadow_id, shadow)
        if policy.review_due:
            policy.review(number * 60.0)


def chooser(policy: PolicyEngine) -> OptimizationState:
    return next(state for state in policy.optimizations.values() if state.tailored)


def steps(state: OptimizationState) -> list[str]:
    return [step.target for step in state.transitions]


def test_shadows_a_short_confirmation_and_a_lasting_holdout() -> None:
    policy = pool()
    play(policy, 2500)

    state = chooser(policy)

    assert steps(state)[:3] == ["shadow", "trial", "active"]
    assert state.transitions[1].evidence["e_guard"] >= 20
    served = [policy.decide(ask(n)).task.model_id for n in range(9000, 9400)]
    assert 0.8 < served.count("small") / len(served) < 0.97


def test_users_see_nothing_of_what_is_only_compared() -> None:
    policy = pool()
    play(policy, 150)

    assert chooser(policy).status == "shadow"
    assert {policy.decide(ask(n)).task.model_id for n in range(500, 700)} == {"large"}


def test_a_model_that_games_its_judge_is_never_active() -> None:
    policy = pool()
    play(policy, 2500, gamed)

    assert "active" not in steps(chooser(policy))


def test_shadows_alone_activate_nothing_that_live_requests_refute() -> None:
    """What runs beside the answer is fine, what is served fails: the confirmation shows it."""

    def broken(model: str, luck: float) -> tuple[float, bool]:
        return (0.0, False) if model == "small" else honest(model, luck)

    policy = pool()
    play(policy, 2500, honest, broken)

    assert "active" not in steps(chooser(policy))


def test_a_crash_skips_no_gate() -> None:
    policy = pool()
    restarts = 0
    for start in range(0, 2500, 50):
        play(policy, 50, start=start)
        policy.take_changes()
        saved = [OptimizationState.from_bytes(s.to_bytes()) for s in policy.optimizations.values()]
        policy = PolicyEngine.restore(saved, policy.snapshot(), policy.settings, b"life")
        restarts += 1

    assert restarts == 50
    assert steps(chooser(policy))[:3] == ["shadow", "trial", "active"]


def test_callers_who_run_no_shadows_get_a_trial_on_live_traffic() -> None:
    policy = pool()
    play(policy, 900, runs=False)

    state = chooser(policy)

    assert steps(state)[0] == "shadow"
    assert "unshadowed" in [step.reason for step in state.transitions]
    asked = [policy.decide(ask(n)).shadows for n in range(9000, 9400)]
    assert sum(map(len, asked)) < 20


def test_what_may_be_lost_on_shadows_without_a_gain_is_bounded() -> None:
    def all_worse(model: str, luck: float) -> tuple[float, bool]:
        return honest(model if model == "large" else "weak", luck)

    policy = pool()
    play(policy, 4000, all_worse)

    spent = [scope.meter.spent / scope.meter.paid for scope in policy._memory.scopes.values()]
    assert max(spent) <= 0.01
    assert "active" not in steps(chooser(policy))


def test_people_end_it_whatever_pairs_say() -> None:
    policy = pool()
    play(policy, 150)
    policy.act(chooser(policy).id, "block", 9_000.0, "ann")

    play(policy, 1500, start=150)

    assert "active" not in steps(chooser(policy))


def test_lost_outcomes_of_one_arm_hold_the_change() -> None:
    policy = pool(budget=0.0)
    rng = np.random.default_rng(5)
    for number in range(3000):
        decision = policy.decide(ask(number))
        if decision.task.model_id == "small" and rng.random() < 0.7:
            continue
        luck = float(rng.random())
        policy.observe(report(decision, number, decision.task.model_id, honest, luck))
        if policy.review_due:
            policy.review(number * 60.0)

    state = chooser(policy)

    assert "sample_ratio" in [step.reason for step in state.transitions]
    assert "active" not in steps(state)
