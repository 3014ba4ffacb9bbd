from __future__ import annotations

import numpy as np
import pytest

from optimizations.engine.statistics.sample_ratio import ARRIVED_ALARM, SampleRatio


def watch(chance: float, lost: float, n: int, seed: int) -> int | None:
    """The request at which the test raises its alarm when `lost` of the treated outcomes never come."""
    rng, test = np.random.default_rng(seed), SampleRatio()
    for number in range(1, n + 1):
        treated = bool(rng.random() < chance)
        if treated and rng.random() < lost:
            continue
        test.add(treated, chance)
        if test.is_off(ARRIVED_ALARM):
            return number
    return None


@pytest.mark.parametrize("chance", [0.1, 0.33, 0.9])
def test_balanced_arms_raise_no_alarm(chance: float) -> None:
    assert [watch(chance, 0.0, 4000, seed) for seed in range(15)] == [None] * 15


@pytest.mark.parametrize(("chance", "most"), [(0.1, 600), (0.33, 260), (0.9, 600)])
def test_half_of_an_arms_outcomes_lost_is_found_within_some_hundred_requests(
    chance: float, most: int
) -> None:
    found = [watch(chance, 0.5, 3000, seed) for seed in range(60)]

    assert all(found)
    assert np.median([one or 0 for one in found]) <= most


def test_chances_that_change_are_no_imbalance() -> None:
    rng, test = np.random.default_rng(1), SampleRatio()
    for number in range(6000):
        chance = 0.1 if number < 3000 else 0.9
        test.add(bool(rng.random() < chance), chance)

    assert not test.is_off(ARRIVED_ALARM)


def test_an_alarm_stays() -> None:
    test = SampleRatio()
    for _ in range(60):
        test.add(True, 0.1)
    for number in range(3000):
        test.add(number % 10 == 0, 0.1)

    assert test.is_off()
