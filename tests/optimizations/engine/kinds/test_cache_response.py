from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import Request, Task, TaskDecision
from optimizations.engine.policy import PolicyEngine
from tests.optimizations.engine.caches import run


def repeating(policy: PolicyEngine, requests: int, start: int = 0) -> list[TaskDecision]:
    """Forty questions in turn, each with one right answer."""
    numbers = range(start, start + requests)
    return [run(policy, n, f"Question {n % 40}?", f"Answer {n % 40}") for n in numbers]


def test_repeats_are_served_once_proven_and_some_are_audited_for_ever() -> None:
    policy = PolicyEngine()
    assert not any(d.served_from_cache for d in repeating(policy, 225))
    repeating(policy, 275, 225)
    later = repeating(policy, 1000, 500)
    served = sum(d.served_from_cache for d in later)
    assert 900 <= served <= 985
    assert all(
        d.cached_output == f"Answer {n % 40}"
        for n, d in enumerate(later, 500)
        if d.served_from_cache
    )


def test_answers_that_differ_each_time_are_never_served() -> None:
    policy = PolicyEngine()
    decided = [run(policy, n, f"Question {n % 40}?", f"Answer {n}") for n in range(1000)]
    assert not any(d.served_from_cache for d in decided)


def test_a_served_answer_that_was_wrong_is_dropped_at_once() -> None:
    policy = PolicyEngine()
    repeating(policy, 600)
    served = next(d for d in repeating(policy, 40, 600) if d.served_from_cache)
    seen = Outcome("x", served.task, "m", 4e4, served, output="Answer", cached=True)
    policy.correct(seen, Outcome("x", served.task, "m", 4e4, served, success=False, cached=True))
    again = policy.decide(Request("again", served.task, 4e4))
    assert not again.served_from_cache


def test_an_answer_that_failed_is_never_served_again() -> None:
    policy = PolicyEngine()
    repeating(policy, 600)
    task = Task("m", "Question 7?", "t")
    policy.observe(Outcome("bad", task, "m", 4e4, None, success=False, output="Answer 7"))
    asked = [policy.decide(Request(f"again{n}", task, 4e4)) for n in range(30)]
    assert not any(decision.served_from_cache for decision in asked)


def test_an_old_answer_is_not_served() -> None:
    policy = PolicyEngine()
    repeating(policy, 600)
    asked = [Request(f"z{k}", Task("m", f"Question {k}?", "t"), 9e9) for k in range(40)]
    assert not any(policy.decide(request).served_from_cache for request in asked)


def test_purging_empties_the_cache() -> None:
    policy = PolicyEngine()
    repeating(policy, 600)
    assert policy.purge_cache() == 40
    assert not any(d.served_from_cache for d in repeating(policy, 40, 600))


def test_a_repeat_with_other_spaces_is_served_and_other_words_are_not() -> None:
    policy = PolicyEngine()
    repeating(policy, 600)
    run(policy, 600, "Where is the café?", "Around the corner")

    def served(text: str) -> int:
        requests = [Request(f"s{n}", Task("m", text, "t"), 4e4) for n in range(50)]
        return sum(policy.decide(request).served_from_cache for request in requests)

    assert served(" Where  is the cafe\u0301? ") > 40
    assert served("where is the café?") == served("Where is the café") == 0
