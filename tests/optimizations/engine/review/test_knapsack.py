import numpy as np
import pytest

from optimizations.engine.review.knapsack import UNCHANGED, choose_values
from optimizations.engine.statistics.posterior import Posterior

NOTHING = np.array([UNCHANGED, UNCHANGED])
HALVES = np.array([0.5, 0.5])


def believed(mean: list[list[float]], saved: list[list[float]]) -> Posterior:
    centre = np.array(mean)
    narrow, free = np.full(centre.shape, 0.01), np.array(saved)
    return Posterior(["p"], centre[None], centre, narrow, free, np.ones(centre.shape))


def chosen(post: Posterior, allowed: float = 0.01) -> list[int]:
    return choose_values(post, HALVES, np.ones(post.mean.shape), allowed, NOTHING)[0].tolist()


def test_each_pattern_gets_its_best_value() -> None:
    assert chosen(believed([[0.1, 0.2], [0.2, 0.1]], [[0, 0], [0, 0]])) == [1, 0]


def test_what_helps_nowhere_is_left_out() -> None:
    assert chosen(believed([[-0.1, -0.2], [-0.2, 0.0]], [[0, 0], [0, 0]])) == [-1, -1]


def test_savings_are_not_bought_with_more_quality_than_allowed() -> None:
    post = believed([[-0.03], [-0.01]], [[0.06], [0.06]])
    assert chosen(post, allowed=0.03) == [0, 0]
    assert chosen(post, allowed=0.01) == [-1, 0]


def test_quality_gained_in_one_pattern_pays_for_savings_in_another() -> None:
    post = believed([[-0.03], [0.05]], [[0.06], [0.0]])
    assert chosen(post, allowed=0.0) == [0, 0]


@pytest.mark.parametrize("before", [[0, 0], [1, 1]])
def test_a_choice_stays_while_the_other_is_hardly_better(before: list[int]) -> None:
    post = believed([[0.1, 0.105], [0.105, 0.1]], [[0, 0], [0, 0]])
    picks, _ = choose_values(post, HALVES, np.ones((2, 2)), 0.01, np.array(before))
    assert picks.tolist() == before
