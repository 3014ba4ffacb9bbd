import numpy as np
import pytest

from optimizations.engine.caching.cache_review import ALONE, TOGETHER, weigh_proof
from optimizations.engine.caching.cache_statistics import ANY, GROUPS
from optimizations.engine.policy import PolicyEngine
from optimizations.engine.statistics.error_rate import ErrorRate
from tests.optimizations.engine.caches import run

BOUND, SERVE = 0.02, 20.0


def opens(rng: np.random.Generator, rate: float, repeats: int = 1000) -> bool:
    """Whether any of the proofs is given, for answers seen once and confirmed ones alike wrong."""
    names = [f"exact:{group}" for group in (ANY, *GROUPS)]
    rates = {name: ErrorRate() for name in names}
    for wrong, group in zip(rng.random(repeats) < rate, rng.random(repeats) < 0.7, strict=True):
        for name in (names[0], names[1 + int(group)]):
            rates[name].add(bool(wrong))
        if any(weigh_proof(name, r, BOUND) >= SERVE for name, r in rates.items()):
            return True
    return False


def test_the_proofs_share_one_stake() -> None:
    assert TOGETHER + len(GROUPS) * ALONE == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("rate", "least", "most"), [(0.02, 0, 15), (0.03, 0, 6), (0.002, 290, 300)]
)
def test_serving_seldom_begins_where_the_bound_does_not_hold(
    rate: float, least: int, most: int
) -> None:
    rng = np.random.default_rng(11)
    assert least <= sum(opens(rng, rate) for _ in range(300)) <= most


def changing(policy: PolicyEngine, start: int, requests: int, share: float) -> int:
    """A thousand questions in turn; the answers to a share of them are new. How many are served."""
    rng, served = np.random.default_rng(start), 0
    for n in range(start, start + requests):
        answer = f"Answer {n % 1000}" + (f" of {n}" if rng.random() < share else "")
        served += run(policy, n, f"Question {n % 1000}?", answer).served_from_cache
    return served


def test_serving_ends_when_answers_change() -> None:
    policy = PolicyEngine()
    changing(policy, 0, 2000, 0.0)
    assert changing(policy, 2000, 1000, 0.0) > 900
    changing(policy, 3000, 3000, 0.1)
    assert changing(policy, 6000, 1000, 0.0) == 0
    assert {state.status for state in policy.optimizations.values()} == {"suspended"}
