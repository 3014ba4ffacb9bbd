"""False alarms of the balance of the arms, and how soon lost outcomes are found, with fixed seeds.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/evidence/bench_sample_ratio.py [--runs 4000]

Three tests watch one optimization: outcomes that came, those that were judged, and those that never came.
Requests until an alarm do not count the wait after which an outcome counts as missing. With one chance for
all requests `SampleRatio` has a closed form, which is used here: thousands of runs take a minute or two.
Prints tables and asserts nothing.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import numpy.typing as npt

from optimizations.engine.statistics.sample_ratio import ALARM, ARRIVED_ALARM, CONCENTRATION

REQUESTS = 20_000
AT_ONCE = 100  # runs in memory
JUDGED, LOST = 0.4, 0.03  # of the outcomes that come, and of all, whatever the arm
BARS = (ARRIVED_ALARM, ALARM, ALARM)
NEVER = REQUESTS + 1
Found = npt.NDArray[np.int64]  # [run, test] the request of the alarm, NEVER without one


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=4000)
    runs = parser.parse_args().runs
    print(f"Balanced: runs with an alarm of any of the three within {REQUESTS:,} requests")
    for chance in (0.02, 0.1, 0.33, 0.5, 0.9):
        found = watch_runs(chance, 0.0, REQUESTS, runs)
        print(
            f"   {chance:4.0%} treated  {(found < NEVER).any(axis=1).sum()} of {runs}", flush=True
        )
    print(
        "Lost in the treated arm: median requests until an alarm by what came, by what never came"
    )
    for lost, n in ((0.5, 4000), (0.2, 12_000), (0.05, REQUESTS)):
        for chance in (0.1, 0.33, 0.9):
            found = watch_runs(chance, lost, n, min(runs, 1000))
            came, never = (write_median(found[:, k]) for k in (0, 2))
            print(f"   {lost:4.0%} of {chance:4.0%}  {came:>6s}  {never:>6s}", flush=True)


def write_median(found: Found) -> str:
    """Of all runs; those without an alarm are longer than any."""
    middle = float(np.median(found))
    return f"{middle:.0f}" if middle < NEVER else "-"


def watch_runs(chance: float, lost: float, n: int, runs: int) -> Found:
    tables = log_gammas(CONCENTRATION * chance, n), log_gammas(CONCENTRATION * (1 - chance), n)
    whole = log_gammas(CONCENTRATION, n)
    found = []
    for first in range(0, runs, AT_ONCE):
        rng = np.random.default_rng([first, int(1000 * chance), int(1000 * lost)])
        draws = rng.random((4, min(AT_ONCE, runs - first), n), dtype=np.float32)
        treated = draws[0] < chance
        missing = (draws[1] < LOST) | (treated & (draws[3] < lost))
        seen = (~missing, ~missing & (draws[2] < JUDGED), missing)
        found.append([
            find_alarms(treated & one, one, chance, (*tables, whole), bar)
            for one, bar in zip(seen, BARS, strict=True)
        ])  # fmt: skip
    return np.concatenate([np.array(one).T for one in found])


def log_gammas(start: float, n: int) -> npt.NDArray[np.float64]:
    """log Γ(start + k) − log Γ(start) for k up to n."""
    return np.array([math.lgamma(start + k) - math.lgamma(start) for k in range(n + 1)])


def find_alarms(
    treated: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.bool_],
    chance: float,
    tables: tuple[npt.NDArray[np.float64], ...],
    bar: float,
) -> Found:
    """The first request of each run at which the e-value reaches `bar`."""
    first, second = np.cumsum(treated, axis=1), np.cumsum(seen & ~treated, axis=1)
    own, other, whole = tables
    wealth = own[first] + other[second] - whole[first + second]
    wealth -= first * math.log(chance) + second * math.log(1 - chance)
    reached = wealth >= math.log(bar)
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, NEVER)


if __name__ == "__main__":
    main()
