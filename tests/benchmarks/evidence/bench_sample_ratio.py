"""False alarms of the balance of the arms, and how soon lost outcomes are found, with fixed seeds.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/evidence/bench_sample_ratio.py [--runs 300]

Three tests watch one optimization: outcomes that came, those that were judged, and those that never came.
Requests until an alarm do not count the wait after which an outcome counts as missing. Prints tables
and asserts nothing.
"""

from __future__ import annotations

import argparse

import numpy as np

from optimizations.engine.statistics.sample_ratio import SampleRatio

REQUESTS = 20_000
JUDGED, LOST = 0.4, 0.03  # of the outcomes that come, and of all, whatever the arm


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    print(f"Balanced: runs with an alarm of any of the three within {REQUESTS:,} requests")
    for chance in (0.1, 0.33, 0.5, 0.9):
        found = [watch(seed, chance, 0.0, REQUESTS) for seed in range(runs)]
        alarms = sum(any(one is not None for one in each) for each in found)
        print(f"   {chance:4.0%} treated  {alarms} of {runs}", flush=True)
    print(
        "Lost in the treated arm: median requests until an alarm by what came, by what never came"
    )
    for lost, n in ((0.5, 5000), (0.2, 10_000), (0.05, REQUESTS)):
        for chance in (0.1, 0.33, 0.9):
            found = [watch(seed, chance, lost, n) for seed in range(min(runs, 60))]
            came, never = (median([each[k] for each in found]) for k in (0, 2))
            print(f"   {lost:4.0%} of {chance:4.0%}  {came:>6s}  {never:>6s}", flush=True)


def median(found: list[int | None]) -> str:
    """Of all runs; those without an alarm are longer than any."""
    middle = float(np.median([np.inf if one is None else one for one in found]))
    return f"{middle:.0f}" if middle < np.inf else "-"


def watch(seed: int, chance: float, lost: float, n: int) -> list[int | None]:
    """The request at which each test raises its alarm."""
    rng = np.random.default_rng(seed)
    draws = rng.random((n, 4))
    tests = [SampleRatio() for _ in range(3)]
    alarms: list[int | None] = [None, None, None]
    for number, (arm, came, judged, harm) in enumerate(draws.tolist(), 1):
        treated = arm < chance
        missing = came < LOST or (treated and harm < lost)
        seen = [2] if missing else [0, 1] if judged < JUDGED else [0]
        for k in seen:
            tests[k].add(treated, chance)
            if alarms[k] is None and tests[k].is_off:
                alarms[k] = number
    return alarms


if __name__ == "__main__":
    main()
