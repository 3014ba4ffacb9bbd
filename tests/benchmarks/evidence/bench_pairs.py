"""False proofs of the bets on pairs of answers, and pairs until a proof, by simulation with fixed seeds.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/evidence/bench_pairs.py [--runs 400]

Prints tables and asserts nothing. Small versions of the same simulations are tests in
tests/optimizations/engine/.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from optimizations.engine.shadows.pair_tests import PairTests

MARGIN, PAIRS = 0.05, 1500
Draw = Callable[[np.random.Generator], tuple[float, float]]  # qualities: served, shadow


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=400)
    runs = parser.parse_args().runs
    print(f"Pairs with a loss of the margin: runs that ever prove the opposite within {PAIRS}")
    for rate in (0.6, 0.8, 0.9, 0.97):
        fooled = [prove(draw_pair(rate, MARGIN), seed, "guard")[0] for seed in range(runs)]
        print(f"   success {rate:.2f}  {np.mean([f is not None for f in fooled]):6.2%}")
    print(
        "Equal models of equal price; agreement, scores and verdicts mixed: runs that prove a gain"
    )
    for rate in (0.6, 0.8, 0.9, 0.97):
        fooled = [prove(draw_pair(rate, 0.0), seed, "lift", 0.3)[0] for seed in range(runs)]
        print(f"   success {rate:.2f}  {np.mean([f is not None for f in fooled]):6.2%}")
    print("Equal models: median pairs, and verdicts among them, until the margin is proven")
    for rate in (0.6, 0.8, 0.9, 0.97):
        found = [prove(draw_pair(rate, 0.0), seed, "guard", 1.0) for seed in range(min(runs, 100))]
        done = [one for one in found if one[0] is not None]
        pairs = np.median([one[0] for one in done]) if done else float("nan")
        told = np.median([one[1] for one in done]) if done else float("nan")
        share = len(done) / len(found)
        print(f"   success {rate:.2f}  {pairs:5.0f} pairs  {told:4.0f} verdicts  in {share:.0%}")


def draw_pair(rate: float, loss: float) -> Draw:
    """Half of the pairs share the difficulty of their task."""

    def draw(rng: np.random.Generator) -> tuple[float, float]:
        one = rng.random()
        other = one if rng.random() < 0.5 else rng.random()
        return float(one < rate), float(other < rate - loss)

    return draw


def prove(draw: Draw, seed: int, what: str, judged: float = 0.0) -> tuple[int | None, int]:
    """The pair at which the proof came, and the verdicts until then. With the chance `judged` a pair
    that differs is open first, and judged ten pairs later; one in five of these never is."""
    rng, tests, verdicts = np.random.default_rng(seed), PairTests.fresh(), 0
    later: list[tuple[int, str, float]] = []
    for number in range(1, PAIRS + 1):
        served, shadow = draw(rng)
        difference = shadow - served
        if difference and rng.random() < judged:
            tests.add_open(str(number), 0.0, 1.0, -MARGIN)
            if judged == 1.0 or rng.random() < 0.8:
                later.append((number + 10, str(number), difference))
        else:
            tests.add(difference, 0.0, 1.0, -MARGIN)
        while later and later[0][0] <= number:
            _, name, told = later.pop(0)
            verdicts += tests.judge(name, told)
        if is_proven(tests, what):
            return number, verdicts
    return None, verdicts


def is_proven(tests: PairTests, what: str) -> bool:
    return tests.lift >= 33 if what == "lift" else tests.guard(MARGIN) >= 20


if __name__ == "__main__":
    main()
