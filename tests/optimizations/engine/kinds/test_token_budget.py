import numpy as np

from optimizations.engine.kinds.token_budget import Values
from optimizations.engine.outcomes import Outcome
from optimizations.engine.policy import PolicyEngine
from optimizations.engine.settings import ModelCard
from optimizations.engine.task import Request, Task

MOST = 1000


def play(policy: PolicyEngine, requests: int, declared: bool = True) -> list[tuple[int, bool]]:
    """Answers of about 100 tokens; (budget, cut off) of each request."""
    tunable = {"tunable": {"max_tokens": {"min": 1, "max": MOST}}} if declared else {}
    policy.register(ModelCard("m", ("t",), capabilities=tunable))
    rng, found = np.random.default_rng(0), []
    for n in range(requests):
        task = Task("m", f"request {n}", "t", {"max_tokens": MOST})
        decision = policy.decide(Request(f"r{n}", task, n * 60.0))
        budget, wanted = int(decision.task.parameters["max_tokens"]), int(rng.normal(100, 20))
        used = float(min(wanted, budget))
        policy.observe(Outcome(f"i{n}", decision.task, "m", n * 60.0, decision, output_tokens=used))
        if policy.review_due:
            policy.review(n * 60.0)
        found.append((budget, wanted > budget))
    return found


def test_budgets_are_lowered_and_about_one_in_a_hundred_is_cut_off() -> None:
    later = play(PolicyEngine(), 4000)[1100:]
    lowered = [cut for budget, cut in later if budget < MOST]
    assert len(lowered) > 0.9 * len(later)
    assert 0.003 <= np.mean(lowered) <= 0.02


def test_nothing_is_lowered_before_there_is_enough_to_know() -> None:
    assert all(budget == MOST for budget, _ in play(PolicyEngine(), 900))


def test_nothing_is_lowered_that_was_not_declared() -> None:
    assert all(budget == MOST for budget, _ in play(PolicyEngine(), 1500, declared=False))


def test_a_quantile_needs_enough_values() -> None:
    values = Values()
    for k in range(50):
        values.add(float(k))
    assert values.quantile(0.99) is None
    assert values.quantile(0.9) == 45.0
