"""False rollbacks of what is active and steady, and how soon a fall is rolled back, with fixed seeds.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/evidence/bench_rollbacks.py [--runs 400]

One active change without any other traffic: the same scores, alarms and verdicts as in the engine, looked
at as often. Prints tables and asserts nothing.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

import numpy as np

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.policy import REVIEW_EVERY, REVIEW_SOON
from optimizations.engine.review import verdicts
from optimizations.engine.review.traffic_split import ALARM_HOLDOUT
from optimizations.engine.statistics.change_detection import LEAST_LEVEL, FallDetector
from optimizations.engine.statistics.effect_scores import aipw
from optimizations.engine.trials.trial_tests import TrialTests

STEADY, AFTER = 8000, 3000
TREATED_BEFORE = 1000  # requests of an active change before it falls
SETTINGS = PolicySettings()
SAVED = 0.85  # of the incumbent's cost


@dataclass
class ActiveChange:
    """A change that serves nine in ten requests, or half of them during an alarm."""

    state: OptimizationState = field(
        default_factory=lambda: OptimizationState("o", "route_model", "t", "m", {}, status="active")
    )
    tests: TrialTests = field(default_factory=TrialTests.fresh)
    sums: list[list[float]] = field(default_factory=lambda: [[9.0, 10.0], [9.0, 10.0]])
    alarms: int = 0

    @property
    def share(self) -> float:
        return 1 - (ALARM_HOLDOUT if self.state.alarm else SETTINGS.holdout)

    def serve(self, treated: bool, y: float) -> None:
        """One outcome, scored as `trials.scoring.score_trial` does it."""
        means = (self.sums[0][0] / self.sums[0][1], self.sums[1][0] / self.sums[1][1])
        quality = aipw(treated, y, self.share, means)
        weight = SETTINGS.cost_weight
        spent = (weight, weight * (1 - SAVED))
        bounds = (-weight * 8, 1.0)
        worth = (means[0] - spent[0], means[1] - spent[1])
        utility = aipw(treated, y - spent[treated], self.share, worth, bounds)
        self.tests.watch.update(quality, utility, SETTINGS.quality_margin)
        since = self.tests.suspicion
        if since is not None:
            since.quality.update(quality)
            since.utility.update(utility)
        if treated:
            self.tests.watch.falls.update(y, means[0], alarmed=since is not None)
        self.sums[treated][0] += y
        self.sums[treated][1] += 1

    def review(self) -> bool:
        """Whether it is rolled back; alarms begin and end as in `review.judge`."""
        allowed = verdicts.quality_tolerance(1.0, SETTINGS)
        verdict = verdicts.judge_active(self.state, self.tests, SETTINGS, allowed)
        if verdict is None:
            return False
        self.state.alarm = verdict.step == "alarm"
        if verdict.step == "alarm":
            self.alarms += 1
            self.sums = [[0.1 * total, 0.1 * n] for total, n in self.sums]
            self.tests.start_alarm_tests()
        elif verdict.step == "cleared":
            self.tests.end_alarm_tests()
        return verdict.step == "suspended"


def watch(seed: int, rate: float, falls: tuple[float, float], n: int) -> int | None:
    """The request at which it is rolled back; `falls` of (control, treated) begin with the first."""
    rng, change = np.random.default_rng(seed), ActiveChange()
    known = TREATED_BEFORE if any(falls) else LEAST_LEVEL
    change.sums[0] = [rate * 100, 100.0]
    change.tests.watch.falls = FallDetector.fresh(rng.binomial(known, rate) / known - rate, known)
    rates = (rate - falls[0], rate - falls[1])
    fresh = 0
    for number in range(1, n + 1):
        treated = bool(rng.random() < change.share)
        change.serve(treated, float(rng.random() < rates[treated]))
        fresh += 1
        soon = change.state.alarm or verdicts.is_alarming(change.tests)
        if fresh >= (REVIEW_SOON if soon else REVIEW_EVERY):
            fresh = 0
            if change.review():
                return number
    return None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.runs)
    print(f"Rolled back within {STEADY:,} steady requests, {given.runs} runs")
    for rate in (0.9, 0.7, 0.97):
        found = [watch(seed, rate, (0.0, 0.0), STEADY) for seed in seeds]
        share = np.mean([one is not None for one in found])
        print(f"   success {rate:.2f}  {share:6.2%}", flush=True)
    print(f"Rolled back after a fall, median requests and share within {AFTER:,}")
    for name, falls in (
        ("-10 points", (0.0, 0.1)),
        ("-20 points", (0.0, 0.2)),
        ("-40 points", (0.0, 0.4)),
        ("both -10", (0.1, 0.1)),
        ("both -20", (0.2, 0.2)),
    ):
        found = [watch(seed, 0.9, falls, AFTER) for seed in list(seeds)[:100]]
        done = [one for one in found if one is not None]
        middle = f"{np.median(done):.0f}" if done else "-"
        print(f"   {name:12s} {middle:>6s}  {len(done) / len(found):6.1%}", flush=True)


if __name__ == "__main__":
    main()
