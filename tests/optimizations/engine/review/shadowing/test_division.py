"""How the money for shadows is spread over patterns and values."""

import numpy as np
import pytest

from optimizations.engine.review.shadowing.division import spread

PRICES = np.array([[0.05, 0.5], [0.05, 0.5]])  # what each costs if every request asked for it
ROOM = np.ones(2)


def test_the_chances_cost_what_may_be_spent() -> None:
    chances = spread(np.array([[1.0, 0.1], [0.5, 0.0]]), PRICES, 0.02, ROOM)

    assert float((chances * PRICES).sum()) == pytest.approx(0.02)


def test_no_pattern_is_asked_for_more_than_it_has_left() -> None:
    chances = spread(np.array([[1.0, 1.0], [1.0, 0.0]]), PRICES, 100.0, np.array([0.4, 1.0]))

    assert chances.sum(axis=1).max() <= 1.0
    assert chances[0].sum() == pytest.approx(0.4)


def test_a_pattern_that_is_full_does_not_stop_the_others() -> None:
    chances = spread(np.array([[1.0, 0.0], [1.0, 0.0]]), PRICES, 0.01, np.array([0.0, 1.0]))

    assert chances[0].sum() == 0.0
    assert chances[1].sum() > 0.0


def test_without_money_nothing_is_asked_for() -> None:
    assert not spread(np.ones((2, 2)), PRICES, 0.0, ROOM).any()
    assert not spread(np.zeros((2, 2)), PRICES, 1.0, ROOM).any()
