import numpy as np

from optimizations.engine.review.exploration import Exploration, plan_exploration
from optimizations.engine.review.exploration_budget import ExplorationBudget
from optimizations.engine.review.traffic_split import round_shares

TRAFFIC = np.array([0.6, 0.4])


def explored(worth: list[list[float]], picks: list[int], budget: ExplorationBudget) -> Exploration:
    draws = np.array(worth)[None].repeat(8, axis=0)
    loss = np.full(draws.shape[1:], 0.1)
    fits = np.ones(draws.shape[1:])
    return plan_exploration(draws, loss, fits, TRAFFIC, np.array(picks), True, budget, 0)


def test_what_is_picked_is_on_trial_where_it_is_picked() -> None:
    found = explored([[0.1], [-0.1]], [0, -1], ExplorationBudget(0.1, 1.0))
    assert found.trial[0, 0] > 0
    assert found.trial[1, 0] == 0


def test_exploration_keeps_to_its_share_of_all_traffic() -> None:
    found = explored([[0.1, 0.3], [0.3, 0.1]], [0, 1], ExplorationBudget(0.1, 1.0))
    assert TRAFFIC @ found.total.sum(axis=1) <= 0.1 + 1e-9
    assert found.explore[0, 1] > 0


def test_exploration_keeps_to_what_it_may_lose() -> None:
    found = explored([[0.1], [0.1]], [0, 0], ExplorationBudget(0.2, 0.001))
    assert np.isclose(TRAFFIC @ found.total.sum(axis=1) * 0.1, 0.001)


def test_no_probability_is_too_small_to_learn_from() -> None:
    row = round_shares(np.array([0.03, 0.01, 0.01]))
    assert np.isclose(row.sum(), 0.05)
    assert all(share == 0 or share >= 0.02 for share in row)
