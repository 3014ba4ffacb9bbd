import numpy as np
import pytest

from optimizations.engine.statistics.betting import (
    GUARD_WEIGHTS,
    BoundedMean,
    e_bh,
    effectiveness,
    requests_needed,
)
from optimizations.engine.statistics.effect_scores import aipw
from tests.optimizations.engine.simulation import trial


def activated(effect: float, base: float, propensity: float, runs: int, n: int) -> float:
    """Share of trials whose e-value ever passed 20, looked at every 50 requests."""
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(runs):
        test, sums, counts = BoundedMean.over(), [base * 10] * 2, [10, 10]
        for number in range(n):
            arm = int(rng.random() < propensity)
            y = float(rng.random() < base + effect * arm)
            score = aipw(bool(arm), y, propensity, (sums[0] / counts[0], sums[1] / counts[1]))
            test.update(score)
            sums[arm] += y
            counts[arm] += 1
            if number % 50 == 49 and test.above(0.0) >= 20:
                found += 1
                break
    return found / runs


@pytest.mark.parametrize(("base", "propensity"), [(0.5, 0.5), (0.97, 0.5), (0.8, 0.1)])
def test_equal_arms_are_rarely_told_apart_however_often_one_looks(
    base: float, propensity: float
) -> None:
    assert activated(0.0, base, propensity, runs=40, n=400) <= 0.05


@pytest.mark.parametrize("believed", [-0.2, 0.02, 0.3])
def test_a_wrong_belief_does_not_make_equal_arms_differ(believed: float) -> None:
    rng, found = np.random.default_rng(8), 0
    for _ in range(40):
        test = BoundedMean.over()
        for _ in range(300):
            arm = bool(rng.random() < 0.5)
            test.update(aipw(arm, float(rng.random() < 0.8), 0.5, (0.8, 0.8)), believed)
        found += max(test.above(0.0), test.below(0.0)) >= 20
    assert found <= 4  # two tests, each at 5 %


def test_a_belief_in_each_pattern_wins_more_where_patterns_differ() -> None:
    rng = np.random.default_rng(9)
    plain, led = BoundedMean.over(), BoundedMean.over()
    for number in range(1500):
        bad = number % 5 == 0
        arm = bool(rng.random() < 0.33)
        y = float(rng.random() < 0.9 - 0.2 * bad * arm)
        score = aipw(arm, y, 0.33, (0.9, 0.9 - 0.2 * bad))
        plain.update(score)
        led.update(score, -0.2 if bad else 0.0)
    theta = -0.05
    assert led.above(theta, GUARD_WEIGHTS) > 2 * plain.above(theta, GUARD_WEIGHTS)


def test_rare_failures_are_not_staked_on_too_highly() -> None:
    rng, won = np.random.default_rng(10), 0
    for _ in range(12):
        test = BoundedMean.over()
        for _ in range(1000):
            arm = bool(rng.random() < 0.25)
            test.update(aipw(arm, float(rng.random() < 0.97), 0.25, (0.97, 0.97)))
        won += test.above(-0.05, GUARD_WEIGHTS) >= 20
    assert won >= 8


def test_a_change_that_helps_is_found() -> None:
    assert activated(0.15, 0.7, 0.5, runs=20, n=600) >= 0.9


def test_the_interval_covers_the_truth_at_all_times() -> None:
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(40):
        _, low, high = trial(0.1, 0.6, 400, 0.3, rng).interval()
        missed += not low <= 0.1 <= high
    assert missed <= 2


def test_the_interval_narrows_with_data() -> None:
    rng = np.random.default_rng(4)
    _, low, high = trial(0.1, 0.6, 3000, 0.5, rng).interval()
    assert high - low < 0.3


def test_nothing_seen_means_nothing_known() -> None:
    test = BoundedMean.over()
    assert (test.above(0.0), test.below(0.0)) == (1.0, 1.0)
    assert test.interval() == (0.0, -1.0, 1.0)


@pytest.mark.parametrize("means", [(0.5, 0.5), (0.0, 1.0), (0.9, 0.2)])
def test_the_score_is_unbiased_whatever_the_means_are(means: tuple[float, float]) -> None:
    p, y0, y1 = 0.2, 0.3, 0.8
    expected = p * aipw(True, y1, p, means).value + (1 - p) * aipw(False, y0, p, means).value
    assert expected == pytest.approx(y1 - y0)


@pytest.mark.parametrize("treated", [True, False])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_a_score_keeps_within_the_bounds_given_before(treated: bool, y: float) -> None:
    score = aipw(treated, y, 0.1, (0.7, 0.6))
    assert score.low - 1e-9 <= score.value <= score.high + 1e-9


def test_many_trials_need_more_evidence_each() -> None:
    assert e_bh([25.0], 0.1) == {0}
    assert e_bh([25.0, *[1.0] * 49], 0.1) == set()
    assert e_bh([600.0, 300.0, *[1.0] * 48], 0.1) == {0, 1}


def test_effectiveness_is_half_exactly_when_harm_is_ruled_out() -> None:
    assert effectiveness(0.0, 0.5) == 0.5
    assert effectiveness(-0.01, 0.5) < 0.5 < effectiveness(0.01, 0.5)
    assert effectiveness(2.0, 0.5) == 1.0


def test_no_number_of_requests_proves_what_does_not_help() -> None:
    assert requests_needed(-0.01, 0.2, 3.0) is None
    assert requests_needed(0.1, 0.5, 3.0) == 300


@pytest.mark.parametrize("effect", [1e-17, 1e-200])
def test_the_rounding_error_of_equal_costs_is_no_effect(effect: float) -> None:
    assert requests_needed(effect, 0.5, 3.0) is None


def test_between_two_values_of_the_grid_the_bolder_claim_has_to_be_refuted() -> None:
    """A margin of 7 points is proven where 6 are, and harm of 7 where 8 are."""
    test = trial(0.0, 0.9, 2000, 0.5, np.random.default_rng(3))

    assert test.above(-0.07) == test.above(-0.06) < test.above(-0.08)
    assert test.below(0.07) == test.below(0.06) < test.below(0.08)
    assert test.above(-0.05) > test.above(-0.04)
