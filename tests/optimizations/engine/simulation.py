"""Small worlds with known truth, for the tests and for the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import ModelCard, PolicySettings, Prices
from optimizations.engine.domain.task import Request, Task, TaskDecision
from optimizations.engine.policy import PolicyEngine
from optimizations.engine.statistics.betting import BoundedMean
from optimizations.engine.statistics.effect_scores import aipw

LARGE, SMALL = "large", "small"
COST = {LARGE: 1.0, SMALL: 0.15}  # of one request; 1 for any other model
HOUR = 3600.0

Rate = Callable[[int, str, str], float]  # request number, pattern, model -> success rate


def engine(settings: PolicySettings | None = None, salt: bytes = b"test") -> PolicyEngine:
    """Two models for the same work; the small one costs 15 %."""
    policy = PolicyEngine(settings, salt)
    for name in (LARGE, SMALL):
        policy.register(ModelCard(name, ("chat",), Prices(COST[name], COST[name])))
    return policy


def ask(number: int, pattern: str | None = "p") -> Request:
    task = Task(LARGE, f"hello {number}", "chat")
    return Request(f"r{number}", task, number * 60.0, pattern_id=pattern)


def outcome(
    decision: TaskDecision, number: int, success: bool | None, duration: float = 100.0
) -> Outcome:
    model = decision.task.model_id
    return Outcome(
        f"i{number}",
        decision.task,
        model,
        number * 60.0,
        decision,
        decision.pattern_id,
        success=success,
        cost=COST.get(model, 1.0),
        duration=duration,
        input_tokens=10.0,
        output_tokens=10.0,
        output=f"answer {number}",
    )


def play(
    policy: PolicyEngine,
    rate: Rate,
    requests: int,
    seed: int = 0,
    patterns: tuple[str, ...] = ("p",),
    start: int = 0,
) -> Iterator[tuple[int, TaskDecision]]:
    """Plays `requests` tasks; yields each number with what was decided."""
    rng = np.random.default_rng(seed)
    for number in range(start, start + requests):
        pattern = patterns[int(rng.integers(len(patterns)))]
        decision = policy.decide(ask(number, pattern))
        success = bool(rng.random() < rate(number, pattern, decision.task.model_id))
        policy.observe(outcome(decision, number, success))
        if policy.review_due:
            policy.review(number * 60.0)
        yield number, decision


def trial(
    effect: float, base: float, n: int, propensity: float, rng: np.random.Generator
) -> BoundedMean:
    """One randomised trial of a change with a true effect on a success rate."""
    test, sums, counts = BoundedMean.over(), [base * 10, base * 10], [10, 10]
    treated = rng.random(n) < propensity
    success = rng.random(n) < np.where(treated, base + effect, base)
    for arm, y in zip(treated.tolist(), success.tolist(), strict=True):
        means = (sums[0] / counts[0], sums[1] / counts[1])
        score = aipw(arm, float(y), propensity, means)
        test.update(score)
        sums[arm] += y
        counts[arm] += 1
    return test
