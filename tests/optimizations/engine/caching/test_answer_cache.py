import numpy as np
import pytest

from optimizations.engine.caching import answer_cache
from optimizations.engine.caching.cache_review import ALONE, TOGETHER, weigh_proof
from optimizations.engine.caching.cache_statistics import ANY, GROUPS, CachedAnswer
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


def proven(session: str | None) -> PolicyEngine:
    """A cache that serves, its answers seen in one session only."""
    policy = PolicyEngine()
    for n in range(3000):
        run(policy, n, f"What is my balance {n % 100}?", f"{n % 100} EUR", session=session)
    return policy


def ask(policy: PolicyEngine, start: int, session: str | None, answer: str = "7 EUR") -> int:
    """How many of five questions are served; a twentieth of the repeats runs all the same."""
    text = "What is my balance 7?"
    return sum(
        run(policy, start + n, text, answer, session=session).served_from_cache for n in range(5)
    )


def test_an_answer_seen_in_one_session_is_served_to_no_other() -> None:
    policy = proven("ana")
    assert ask(policy, 3000, "ana") >= 3
    text = "What is my balance 7?"
    first = run(policy, 3005, text, "9999 EUR", session="ben")
    assert not first.served_from_cache
    assert ask(policy, 3006, "cem") == 0  # they differ: nobody is served
    assert run(policy, 3020, "What is my balance 8?", "8 EUR").cached_output is None


def test_what_two_sessions_agree_on_is_served_to_all() -> None:
    policy = proven("ana")
    run(policy, 3000, "What is my balance 7?", "7 EUR", session="ben")
    assert ask(policy, 3001, "cem") >= 3


def test_callers_without_sessions_share_their_answers() -> None:
    assert ask(proven(None), 3000, "ben") >= 3


def test_an_answer_of_an_older_version_waits_until_it_is_seen_again() -> None:
    assert not CachedAnswer("x", "d", 0.0).may_serve("")


def test_statistics_are_kept_of_the_task_types_asked_for_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answer_cache, "MOST_GROUNDS", 3)
    policy = PolicyEngine()
    for number, task_type in enumerate(["a", "b", "c", "a", "d"]):
        run(policy, number, "Question?", "Answer.", task_type=task_type)

    assert list(policy._memory.cache.grounds) == ["c", "a", "d"]
