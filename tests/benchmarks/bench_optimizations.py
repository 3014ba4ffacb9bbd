"""The guarantees of the optimization engine, measured by simulation with fixed seeds.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_optimizations.py [--runs 200]

Prints tables and asserts nothing. Small versions of the same simulations are tests in
tests/optimizations/engine/. `median` is over the runs in which it happened.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.outcome import CLIP
from optimizations.engine.policy import PolicyEngine
from optimizations.engine.serving.traffic_plan import Choice, PlanSet, TrafficPlan
from optimizations.engine.statistics.betting import BoundedMean, e_bh
from optimizations.engine.statistics.effect_scores import aipw
from optimizations.engine.statistics.error_rate import ErrorRate
from optimizations.engine.statistics.off_policy import evaluate_policy
from tests.optimizations.engine.logs import adaptive
from tests.optimizations.engine.simulation import LARGE, SMALL, ask, engine, outcome, play

LOOK = 10  # requests between two looks
WEIGHT = 0.1  # of relative cost in utility


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    for part in (
        equal_arms,
        time_to_activate,
        many_trials,
        rollback,
        cache_bound,
        what_if,
        deciding,
    ):
        start = time.perf_counter()
        part(runs)
        print(f"   ({time.perf_counter() - start:.0f} s)\n", flush=True)


def one_trial(
    rng: np.random.Generator,
    rates: tuple[float, float],
    saved: float,
    propensity: float,
    requests: int,
    sigma: float = 0.0,
    stop: bool = True,
) -> tuple[BoundedMean, int | None]:
    """The utility test of one trial, and the request at which it passed 20 with 100 per arm."""
    test, counts = BoundedMean.over(), np.full(2, 10)
    sums = np.array([rates[0] - WEIGHT, rates[0] - WEIGHT]) * 10
    for number in range(requests):
        arm = int(rng.random() < propensity)
        cost = (1 - saved * arm) * float(np.exp(sigma * rng.normal() - sigma**2 / 2))
        u = float(rng.random() < rates[arm]) - WEIGHT * min(CLIP, cost)
        m0, m1 = sums / counts
        score = aipw(bool(arm), u, propensity, (m0, m1), (-WEIGHT * CLIP, 1.0))
        test.update(score)
        sums[arm] += u
        counts[arm] += 1
        if number % LOOK == 0 and counts.min() >= 110 and test.above(0.0) >= 20 and stop:
            return test, number
    return test, None


def equal_arms(runs: int) -> None:
    print("Equal arms: share of trials that ever pass E(lift) >= 20 within 3,000 requests")
    for base, propensity, sigma in [
        (0.5, 0.5, 0.0),
        (0.82, 0.1, 0.0),
        (0.97, 0.5, 0.0),
        (0.97, 0.1, 0.0),
        (0.8, 0.5, 1.2),
    ]:
        rng = np.random.default_rng(1)
        found = [one_trial(rng, (base, base), 0.0, propensity, 3000, sigma)[1] for _ in range(runs)]
        share = np.mean([f is not None for f in found])
        print(f"   p {base:.2f}  split {propensity:.2f}  cost sigma {sigma:.1f}  {share:6.1%}")


def time_to_activate(runs: int) -> None:
    print("Median requests until E(lift) >= 20 with 100 per arm, half and half")
    for name, rates, saved in [
        ("+10 pp from 70 %", (0.7, 0.8), 0.0),
        ("+10 pp from 85 %", (0.85, 0.95), 0.0),
        ("-20 % cost", (0.9, 0.9), 0.2),
        ("-50 % cost", (0.9, 0.9), 0.5),
    ]:
        rng = np.random.default_rng(2)
        found = [one_trial(rng, rates, saved, 0.5, 6000)[1] for _ in range(max(20, runs // 4))]
        done = [f for f in found if f is not None]
        print(f"   {name:17s} {np.median(done):6.0f}   reached by {len(done) / len(found):.0%}")


def many_trials(runs: int) -> None:
    print("200 trials at once, 30 of them help by 10 pp, 3,000 requests each: e-BH at .10")
    rng = np.random.default_rng(3)
    truth = [k < 30 for k in range(200)]
    values = [
        one_trial(rng, (0.7, 0.8 if t else 0.7), 0.0, 0.5, 3000, stop=False)[0].above(0.0)
        for t in truth
    ]
    for name, picked in [
        ("E >= 20", {k for k, e in enumerate(values) if e >= 20}),
        ("e-BH", e_bh(values, 0.1)),
    ]:
        false = sum(not truth[k] for k in picked) / max(1, len(picked))
        power = sum(truth[k] for k in picked) / 30
        print(f"   {name:8s} found {len(picked):3d}  false {false:5.1%}  power {power:5.1%}")


def rollback(runs: int) -> None:
    print("After a fall of the active model at 4,000: requests until half of it is held back,")
    print("and until it is suspended; without a fall: rollbacks within 8,000 requests")
    for name, fall in [("-10 pp", 0.1), ("-20 pp", 0.2), ("-40 pp", 0.4), ("none", 0.0),
                       ("both -10 pp", -1.0)]:  # fmt: skip
        found = [_rollback(seed, fall) for seed in range(max(5, runs // 10))]
        alarms = [a for a, _ in found if a is not None]
        done = [s for _, s in found if s is not None]
        print(
            f"   {name:12s} alarm {_median(alarms):>6s}   suspended {_median(done):>6s}"
            f"   in {len(done)} of {len(found)}"
        )


def _median(values: list[int]) -> str:
    return f"{np.median(values):.0f}" if values else "-"


def _rollback(seed: int, fall: float) -> tuple[int | None, int | None]:
    policy = engine(salt=f"salt {seed}".encode())
    change: list[int] = []

    def rate(number: int, pattern: str, model: str) -> float:
        fallen = bool(change) and number >= change[0]
        if fall < 0:
            return 0.8 if fallen else 0.9
        return 0.9 - fall * (fallen and model == SMALL)

    alarm: int | None = None
    for number, _ in play(policy, rate, 14_000, seed):
        state = next((s for s in policy.optimizations.values() if s.kind == "route_model"), None)
        if state is None:
            continue
        if state.status == "active" and not change:
            change.append(number + 2000)
        if change and number > change[0]:
            if state.alarm and alarm is None:
                alarm = number - change[0]
            if state.status == "suspended":
                return alarm, number - change[0]
            if number > change[0] + (8000 if fall == 0 else 3000):
                break
    return alarm, None


def cache_bound(runs: int) -> None:
    print("Cache: share of runs in which a rate above the bound was ever called below (20)")
    for bound, rate in [(0.01, 0.01), (0.01, 0.02), (0.05, 0.06)]:
        rng = np.random.default_rng(4)
        fooled = sum(_fooled(rng, bound, rate) for _ in range(runs))
        print(f"   bound {bound:.0%}  true {rate:.0%}  {fooled / runs:6.1%}")


def _fooled(rng: np.random.Generator, bound: float, rate: float) -> bool:
    seen = ErrorRate()
    for wrong in rng.random(2000) < rate:
        seen.n += 1
        seen.wrong += int(wrong)
        if seen.below(bound) >= 20:
            return True
    return False


def what_if(runs: int) -> None:
    print("Value of a change that was tried on a share that follows what was seen (truth 0.700)")
    logs = [adaptive(seed) for seed in range(max(40, runs))]
    found = [evaluate_policy(log, lambda context: "b") for log, _ in logs]
    told = [(one, truth) for one, (_, truth) in zip(found, logs, strict=True) if not one.refused]
    bias = np.mean([(one.value or 0.0) - truth for one, truth in told])
    held = np.mean([(one.low or 0.0) <= truth <= (one.high or 0.0) for one, truth in told])
    naive = [np.mean([r.value for r in log if r.chosen == "b"]) - truth for log, truth in logs]
    print(f"   doubly robust {100 * bias:+.2f} pp, interval holds in {held:.1%} of {len(told)}")
    print(f"   naive mean    {100 * np.mean(naive):+.2f} pp")


def deciding(runs: int) -> None:
    print("One decision with 500 optimizations over 250 patterns")
    policy = PolicyEngine(salt=b"bench")
    trained = engine()
    for _ in play(trained, lambda n, p, m: 0.95, 1500):
        pass
    policy = PolicyEngine.restore([], trained.snapshot(), trained.settings, b"bench")
    _crowd(policy)
    requests = [ask(n, f"p{n % 250}") for n in range(max(2000, 20 * runs))]
    times = [_timed(policy.decide, request) for request in requests]
    seen = [outcome(policy.decide(r), n, True) for n, r in enumerate(requests[:2000])]
    learned = [_timed(policy.observe, o) for o in seen]
    for name, values in (("decide", times), ("observe", learned)):
        p50, p99 = np.quantile(values, [0.5, 0.99]) * 1e6
        print(f"   {name:8s} p50 {p50:6.0f} µs   p99 {p99:6.0f} µs")


def _crowd(policy: PolicyEngine) -> None:
    """Two routes for each of 250 patterns."""
    plans: dict[str, TrafficPlan] = {}
    for p in range(250):
        names = [f"{p}-{k}" for k in range(2)]
        for name in names:
            policy.store(
                OptimizationState(name, "route_model", "chat", LARGE, {"model_id": SMALL}), 0, "b"
            )
        choices = tuple(Choice(n, {"model_id": SMALL}, 0.4, True) for n in names)
        plans[f"p{p}"] = TrafficPlan(choices)
    policy._memory.table.plans[("route_model", "chat", LARGE)] = PlanSet(TrafficPlan(), plans)


def _timed(call: Callable[..., object], argument: object) -> float:
    start = time.perf_counter()
    call(argument)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
