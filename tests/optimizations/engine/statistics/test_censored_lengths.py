import math

import numpy as np
import pytest

from optimizations.engine.statistics.censored_lengths import KEPT, AnswerLengths


def noted(lengths: list[float], limits: list[float] | None = None) -> AnswerLengths:
    """Answers of these lengths, cut off where a limit was shorter."""
    found = AnswerLengths()
    for length, limit in zip(lengths, limits or [math.inf] * len(lengths), strict=True):
        found.add(min(length, limit), length > limit)
    return found


def test_without_cut_answers_the_limit_is_the_conformal_one() -> None:
    curve = noted([float(n) for n in range(199, 0, -1)]).curve()
    assert curve.limit(0.01, 1.0) == pytest.approx(198)  # ⌈200 · .99⌉-th smallest
    assert curve.limit(0.1, 1.0) == pytest.approx(180)
    assert curve.limit(0.0125, 1.0) == pytest.approx(197.45, abs=0.1)


def test_few_answers_carry_the_tail_on_from_the_longest() -> None:
    curve = noted([float(n) for n in range(1, 25)]).curve()
    assert curve.limit(0.01, 1.0) == pytest.approx(24 * 4)  # one of 25 is longer than 24
    assert curve.limit(0.01, 0.5) == pytest.approx(24 * 2)
    assert AnswerLengths().curve().limit(0.01, 1.0) is None


@pytest.mark.parametrize("known", [20, 50, 100, 400])
def test_with_any_number_of_answers_at_most_one_in_a_hundred_is_longer(known: int) -> None:
    rng, longer = np.random.default_rng(known), []
    for _ in range(300):
        curve = noted(list(np.exp(rng.normal(4, 1, known)))).curve()
        limit = curve.limit(0.01, curve.decay())
        assert limit is not None
        tail = (math.log(limit) - 4) / math.sqrt(2)
        longer.append(math.erfc(tail) / 2)
    assert 0.0005 < np.mean(longer) < 0.0115


def test_cut_answers_neither_shorten_nor_stretch_the_limit() -> None:
    rng = np.random.default_rng(1)
    lengths = np.exp(rng.normal(4, 0.5, 2000))
    limits = np.where(rng.random(2000) < 0.5, np.quantile(lengths, 0.97), np.inf)
    whole, cut = (noted(list(lengths), list(x)) for x in (np.full(2000, np.inf), limits))
    known, found = whole.curve().limit(0.01, 1.0), cut.curve().limit(0.01, 1.0)
    assert known is not None
    assert found == pytest.approx(known, rel=0.1)


def test_where_all_long_ones_are_cut_the_limit_rises() -> None:
    lengths = [float(n) for n in range(1, 201)]
    found = noted(lengths, [190.0] * 200).curve().limit(0.01, 0.3)
    assert found is not None
    assert 190 < found < 400


def test_a_light_tail_is_seen_and_a_few_answers_are_not_trusted() -> None:
    rng = np.random.default_rng(2)
    lengths = list(np.exp(rng.normal(4, 0.3, 2000)))
    assert noted(lengths).curve().decay() < 0.25
    assert noted(lengths[:20]).curve().decay() > 0.8
    assert noted([1.0]).curve().decay() == 1.0


def test_old_answers_are_forgotten() -> None:
    found = noted([1000.0] * 500 + [10.0] * KEPT)
    assert len(found.last) <= KEPT
    assert found.curve().limit(0.01, 1.0) == 10.0
