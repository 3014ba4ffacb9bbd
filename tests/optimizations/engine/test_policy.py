import pytest

from optimizations.engine.domain.lifecycle import LifecycleError
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import ModelCard, PolicySettings, Prices
from optimizations.engine.domain.task import Request, Task
from optimizations.engine.policy import PolicyEngine
from tests.optimizations.engine.simulation import LARGE, SMALL, ask, engine, outcome, play


def only(policy: PolicyEngine) -> OptimizationState:
    return next(iter(policy.optimizations.values()))


def statuses(policy: PolicyEngine) -> set[str]:
    return {state.status for state in policy.optimizations.values()}


def proven() -> PolicyEngine:
    policy = engine()
    for _ in play(policy, lambda n, p, m: 0.95, 3000):
        if "active" in statuses(policy):
            break
    return policy


def test_a_task_comes_back_unchanged_when_nothing_is_known() -> None:
    request = ask(0)
    decision = engine().decide(request)
    assert decision.task == request.task
    assert (decision.reason, decision.propensity, decision.changed) == ("none", 1.0, ())


def test_an_equal_and_cheaper_model_becomes_active() -> None:
    policy = proven()
    state = only(policy)
    assert state.status == "active"
    assert state.params["model_id"] == SMALL
    assert state.effectiveness >= 0.5
    assert state.e_lift >= 20
    assert state.e_guard >= 20
    assert state.n_treated >= 100


def test_what_is_active_keeps_a_holdout() -> None:
    policy = proven()
    later = [d for _, d in play(policy, lambda n, p, m: 0.95, 800, start=5000, seed=2)]
    held = sum(d.reason == "holdout" for d in later)
    assert 40 <= held <= 160
    assert sum(d.task.model_id == SMALL for d in later) >= 600


@pytest.mark.parametrize("seed", range(3))
def test_a_worse_model_is_never_active(seed: int) -> None:
    policy = engine()
    for _ in play(policy, lambda n, p, m: 0.9 if m != SMALL else 0.7, 1500, seed):
        assert "active" not in statuses(policy)
    assert "rejected" in statuses(policy)


def test_exploration_keeps_within_its_budget() -> None:
    policy = engine()
    decided = [d for _, d in play(policy, lambda n, p, m: 0.7, 2500)]
    explored = sum(d.reason in ("trial", "explore") for d in decided)
    assert 0 < explored <= 0.1 * 5000


def test_what_becomes_worse_is_rolled_back_soon() -> None:
    policy = proven()
    for _ in play(policy, lambda n, p, m: 0.95 if m != SMALL else 0.5, 300, start=5000):
        pass
    assert only(policy).status == "suspended"


def test_after_an_alarm_it_is_looked_at_more_often() -> None:
    policy = proven()
    played = play(policy, lambda n, p, m: 0.95 if m != SMALL else 0.5, 300, start=5000)
    while not only(policy).alarm:
        next(played)
    policy.review(9e5)
    for number in range(5):
        assert not policy.review_due
        policy.observe(outcome(policy.decide(ask(9000 + number)), number, True))
    assert policy.review_due


def test_a_bad_day_for_all_rolls_nothing_back() -> None:
    policy = proven()
    for _ in play(policy, lambda n, p, m: 0.7, 1500, start=5000):
        pass
    assert only(policy).status == "active"


def test_missing_outcomes_trigger_nothing() -> None:
    policy = proven()
    before = only(policy).status
    for number in range(5000, 5400):
        policy.observe(outcome(policy.decide(ask(number)), number, None))
    assert policy.review(5400 * 60.0) == []
    assert only(policy).status == before


def test_patterns_that_differ_get_their_own_answer() -> None:
    policy = engine()
    bad = {"q", "r"}

    def rate(number: int, pattern: str, model: str) -> float:
        return 0.97 if model != SMALL else 0.55 if pattern in bad else 0.98

    for _ in play(policy, rate, 6000, patterns=("p", "o", "q", "r")):
        pass
    decided = {p: policy.decide(ask(9001, p)) for p in ("q", "r")}
    assert all(d.task.model_id != SMALL for d in decided.values())
    assert any(s.status == "active" for s in policy.optimizations.values())


def test_late_feedback_counts_like_early_feedback() -> None:
    late, early = engine(), engine()
    for number in range(300):
        for policy, now in ((late, None), (early, True)):
            decision = policy.decide(ask(number))
            seen = outcome(decision, number, now)
            policy.observe(seen)
            if now is None:
                policy.correct(seen, outcome(decision, number, True))
            if policy.review_due:
                policy.review(number * 60.0)
    assert only(late).n_treated == only(early).n_treated > 0


def test_a_restored_engine_decides_and_learns_the_same() -> None:
    policy = proven()
    policy.take_changes()
    states = [OptimizationState.from_bytes(s.to_bytes()) for s in _written(policy)]
    twin = PolicyEngine.restore(states, policy.snapshot(), policy.settings, policy.salt)
    for number in range(6000, 6100):
        a, b = policy.decide(ask(number)), twin.decide(ask(number))
        assert a == b
        policy.observe(outcome(a, number, True))
        twin.observe(outcome(b, number, True))
    assert policy.review(6e5) == twin.review(6e5)
    assert policy.snapshot() == twin.snapshot()


def _written(policy: PolicyEngine) -> list[OptimizationState]:
    for identifier in policy.optimizations:
        policy._pending.touched[identifier] = None
    return list(policy.take_changes().optimizations)


def test_what_a_person_blocked_is_not_tried_again() -> None:
    policy = proven()
    policy.act(only(policy).id, "block", 1e6, "ana")
    policy.review(1e6)
    assert all(policy.decide(ask(n)).task.model_id != SMALL for n in range(200))
    assert only(policy).blocked


def test_what_a_person_pinned_is_not_rolled_back() -> None:
    policy = proven()
    policy.act(only(policy).id, "pin", 1e6, "ana")
    for _ in play(policy, lambda n, p, m: 0.95 if m != SMALL else 0.3, 600, start=5000):
        pass
    assert only(policy).status == "active"


def test_a_retired_optimization_is_served_no_more() -> None:
    policy = proven()
    policy.act(only(policy).id, "retire", 1e6, "ana")
    policy.review(1e6)
    assert policy.decide(ask(1)).reason == "none"
    with pytest.raises(LifecycleError):
        policy.act(only(policy).id, "resume", 1e6, "ana")


def test_a_model_the_caller_excludes_is_not_chosen() -> None:
    policy = proven()
    for number in range(100):
        request = Request(f"x{number}", Task("large", "hi", "chat"), 0.0, "p", models=("large",))
        assert policy.decide(request).task.model_id == "large"


def test_one_session_keeps_its_arm() -> None:
    policy = proven()
    task = Task("large", "hi", "chat", session_id="s")
    asked = [Request(f"x{k}", task, 0.0, "p", unit="s") for k in range(20)]
    assert len({policy.decide(request).task.model_id for request in asked}) == 1


def test_nothing_to_gain_is_said() -> None:
    policy = engine()
    for _ in play(policy, lambda n, p, m: 0.9 if m != SMALL else 0.5, 1500):
        pass
    assert "nothing_to_gain" in {finding.code for finding in policy.findings()}


def test_the_number_of_optimizations_is_bounded() -> None:
    policy = engine(PolicySettings(max_optimizations=1))
    for name in ("b", "c", "d"):
        policy.store(OptimizationState(name, "route_model", "x", "y", {"model_id": name}), 0, "me")
    policy.review(1.0)
    assert len(policy.optimizations) <= 1


def test_what_a_person_pinned_is_served_whatever_the_evidence_says() -> None:
    policy = engine()
    state = OptimizationState("mine", "route_model", "chat", LARGE, {"model_id": SMALL})
    policy.store(state, 0.0, "ana")
    policy.act("mine", "pin", 0.0, "ana")
    policy.review(0.0)
    worse = list(play(policy, lambda n, p, m: 0.2 if m == SMALL else 0.95, 800))
    served = [d.task.model_id == SMALL for _, d in worse[-200:]]
    assert 0.8 < sum(served) / len(served) < 0.99
    assert policy.optimizations["mine"].status == "active"


def test_several_models_are_proven_as_one_choice_by_pattern() -> None:
    policy = engine()
    policy.register(ModelCard("other", ("chat",), Prices(1.0, 1.0)))
    best = {"p": SMALL, "q": "other"}

    def rate(number: int, pattern: str, model: str) -> float:
        return 0.95 if model == best[pattern] else 0.6

    for _ in play(policy, rate, 3000, patterns=("p", "q")):
        pass
    active = [s for s in policy.optimizations.values() if s.status == "active"]
    assert [s.tailored for s in active] == [True]
    assert {p: c["model_id"] for p, c in active[0].params["by_pattern"].items()} == best


def test_equal_models_are_not_activated() -> None:
    found = 0
    for seed in range(6):
        policy = PolicyEngine(PolicySettings(), f"salt {seed}".encode())
        for name in (LARGE, "twin", "third"):
            policy.register(ModelCard(name, ("chat",), Prices(1.0, 1.0)))
        for _ in play(policy, lambda n, p, m: 0.9, 1500, seed, patterns=("p", "q", "r")):
            found += "active" in statuses(policy)
    assert found == 0
