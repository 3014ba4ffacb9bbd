"""Outcomes that never came: whether that depends on the arm, and how long is waited for them."""

import numpy as np
import pytest

from optimizations.engine.health.missing_outcomes import (
    ArmDelays,
    MissingOutcomes,
    OutcomeWait,
    class_of,
)


def lose(shares: tuple[float, float], chance: float, n: int, seed: int) -> int | None:
    """The request at which the alarm comes when these shares of (control, treated) outcomes are lost."""
    rng, found = np.random.default_rng(seed), MissingOutcomes()
    for number in range(1, n + 1):
        treated = bool(rng.random() < chance)
        if rng.random() < shares[treated]:
            found.missed.add(treated, chance)
        if found.missed.is_off():
            return number
    return None


@pytest.mark.parametrize("chance", [0.1, 0.33, 0.9])
def test_outcomes_lost_alike_raise_no_alarm(chance: float) -> None:
    assert [lose((0.1, 0.1), chance, 8000, seed) for seed in range(15)] == [None] * 15


@pytest.mark.parametrize(("chance", "most"), [(0.1, 300), (0.33, 150), (0.9, 300)])
def test_half_of_an_arms_outcomes_lost_is_found(chance: float, most: int) -> None:
    shares = (0.0, 0.5) if chance < 0.5 else (0.5, 0.0)
    found = [lose(shares, chance, 3000, seed) for seed in range(15)]

    assert all(found)
    assert np.median([one or 0 for one in found]) <= most


def test_two_percent_lost_beside_none_is_found_though_the_ratio_of_arrivals_hides_it() -> None:
    assert all(lose((0.0, 0.02), 0.1, 20_000, seed) for seed in range(5))


def test_what_comes_after_it_was_missed_is_not_missing() -> None:
    found = MissingOutcomes()
    for _ in range(3):
        found.missed.add(True, 0.5)
    found.note_arrival(True, 7200.0, waited=3600.0)
    found.note_arrival(False, 5.0, waited=3600.0)

    assert found.count_missing() == (2, 0)


def test_delays_are_counted_by_class() -> None:
    assert [class_of(delay) for delay in (0.0, 1.0, 1.5, 3601.0, 1e9)] == [0, 0, 1, 5, 7]


def test_the_quantile_is_the_bound_within_which_that_share_came() -> None:
    delays = ArmDelays()
    for delay in [0.5] * 94 + [30.0] * 6:
        delays.add(delay, 3600.0)

    assert (delays.quantile(0.9), delays.quantile(0.95)) == (1.0, 60.0)
    assert ArmDelays().quantile(0.95) is None


def test_an_outcome_is_waited_for_an_hour_or_as_long_as_they_usually_take() -> None:
    wait = OutcomeWait()
    assert wait.seconds == 3600.0
    for _ in range(100):
        wait.delays.add(4 * 3600.0, wait.seconds)
    assert wait.seconds == 6 * 3600.0
    for _ in range(20):
        wait.delays.add(5e6, wait.seconds)
    assert wait.seconds == 86_400.0
