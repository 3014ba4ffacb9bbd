from __future__ import annotations

import numpy as np

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.review.verdicts import is_too_slow
from optimizations.engine.trials.trial_tests import TrialTests

SETTINGS = PolicySettings()


def measure(factor: float, n: int, seed: int) -> bool:
    """Whether an arm that takes `factor` times as long is ever called too slow."""
    rng, tests = np.random.default_rng(seed), TrialTests.fresh()
    for _ in range(n):
        tests.note_output("a", float(rng.lognormal(5, 0.5)), False)
        tests.note_output("b", float(rng.lognormal(5, 0.5)) * factor, True)
        if is_too_slow(tests, SETTINGS):
            return True
    return False


def test_an_arm_as_fast_as_the_control_is_not_called_slow() -> None:
    assert not any(measure(1.0, 600, seed) for seed in range(15))


def test_an_arm_at_the_limit_is_hardly_ever_called_slow() -> None:
    assert sum(measure(2.0, 600, seed) for seed in range(15)) <= 1


def test_an_arm_ten_times_as_slow_is_found_at_once() -> None:
    assert all(measure(10.0, 50, seed) for seed in range(15))
