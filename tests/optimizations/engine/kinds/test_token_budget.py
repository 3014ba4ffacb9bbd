from __future__ import annotations

import numpy as np
import pytest

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import Params
from optimizations.engine.domain.settings import ModelCard
from optimizations.engine.domain.task import Json, Request, Task
from optimizations.engine.kinds.token_limits import FIRST
from optimizations.engine.policy import PolicyEngine

MOST = 1000


def ask(policy: PolicyEngine, n: int, wanted: int, text: Json = "", error: str = "") -> int:
    """One answer that would be `wanted` tokens long; the budget it was given."""
    task = Task("m", text or f"request {n}", "t", {"max_tokens": MOST})
    decision = policy.decide(Request(f"r{n}", task, n * 60.0))
    budget = decision.task.parameters["max_tokens"]
    assert isinstance(budget, int)
    used = float(min(wanted, budget))
    policy.observe(
        Outcome(
            f"i{n}", decision.task, "m", n * 60.0, decision,
            output_tokens=used, error=error or None,
        )
    )  # fmt: skip
    if policy.review_due:
        policy.review(n * 60.0)
    return budget


def ready(declared: bool = True) -> PolicyEngine:
    policy = PolicyEngine()
    tunable: Params = {"tunable": {"max_tokens": {"min": 1, "max": MOST}}} if declared else {}
    policy.register(ModelCard("m", ("t",), capabilities=tunable))
    return policy


def play(policy: PolicyEngine, lengths: list[int]) -> list[tuple[int, bool]]:
    """(budget, cut off) of each request."""
    budgets = [ask(policy, n, wanted) for n, wanted in enumerate(lengths)]
    return [(b, wanted > b) for b, wanted in zip(budgets, lengths, strict=True)]


def about(mean: float, spread: float, n: int) -> list[int]:
    drawn = np.random.default_rng(0).lognormal(np.log(mean), spread, n)
    return [max(1, int(length)) for length in drawn]


def test_budgets_are_lowered_and_about_one_in_a_hundred_is_cut_off() -> None:
    later = play(ready(), about(100, 0.3, 4000))[100:]
    lowered = [cut for budget, cut in later if budget < MOST]
    assert len(lowered) > 0.95 * len(later)
    assert 0.006 <= np.mean(lowered) <= 0.014


def test_little_more_is_reserved_than_who_knows_all_lengths_would() -> None:
    lengths = about(20, 0.9, 4000)
    budgets = [budget for budget, _ in play(ready(), lengths)]
    best = 1 - np.quantile(lengths, 0.99) / MOST
    assert 1 - np.mean(budgets) / MOST > best - 0.06


def test_too_many_are_not_cut_off_while_little_is_known() -> None:
    firsts = [
        cut
        for seed in range(5)
        for _, cut in play(
            ready(), [int(x) for x in np.random.default_rng(seed).lognormal(4, 0.6, 300)]
        )
    ]
    assert np.mean(firsts) <= 0.01


def test_longer_answers_are_given_more_soon() -> None:
    found = play(ready(), about(100, 0.3, 1500) + about(200, 0.3, 1500))
    assert np.mean([cut for _, cut in found[1500:]]) < 0.06
    assert np.mean([cut for _, cut in found[2000:]]) < 0.02


def test_short_and_long_requests_have_their_own_limits() -> None:
    policy = ready()
    for n in range(400):
        ask(policy, n, 20 + n % 5 if n % 2 else 400 + n % 50, "short" if n % 2 else "long " * 100)
    short = [ask(policy, n, 10, "short") for n in range(400, 420)]
    long = [ask(policy, n, 400, "long " * 100) for n in range(420, 440)]
    assert min(short) < 40
    assert min(long) > 400


def test_nothing_is_lowered_before_there_is_enough_to_know() -> None:
    assert all(budget == MOST for budget, _ in play(ready(), about(100, 0.3, FIRST)))


def test_nothing_is_lowered_that_was_not_declared() -> None:
    assert all(budget == MOST for budget, _ in play(ready(declared=False), about(100, 0.3, 500)))


@pytest.mark.parametrize(("error", "lowered"), [("", True), ("overloaded", False)])
def test_answers_that_broke_off_tell_nothing_about_lengths(error: str, lowered: bool) -> None:
    policy = ready()
    budgets = [ask(policy, n, 5, error=error) for n in range(200)]
    assert any(budget < MOST for budget in budgets) == lowered


def test_the_callers_own_limit_is_not_taken_for_the_length() -> None:
    policy = ready()
    budgets = [ask(policy, n, 100 if n % 10 else 5 * MOST) for n in range(500)]
    assert all(budget == MOST for budget in budgets)
