"""What a choice serves: on shadows what ends the proof soonest, once active the best that is known."""

from __future__ import annotations

import numpy as np
import pytest

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.review.champion import keep_provable, pick_values
from optimizations.engine.review.knapsack import UNCHANGED, Picks
from optimizations.engine.review.scope_view import ScopeValues, ScopeView
from optimizations.engine.statistics.posterior import Posterior

MARGIN = 0.05


def view(means: list[float], traffic: list[float]) -> ScopeView:
    mean = np.array(means)[:, None]
    names = [f"p{n}" for n in range(len(means) - 1)]
    post = Posterior(names, mean[None], mean, mean * 0 + 0.01, mean * 0 + 0.09, mean * 0 + 0.1)
    values = ScopeValues(["small"], [{}], [], np.ones(mean.shape))
    nothing = np.full(len(means), UNCHANGED)
    scope = Scope("route_model", "t", "large", "large", {})
    return ScopeView(scope, names, np.array(traffic), [], values, None, post, nothing)


def kept(means: list[float], traffic: list[float], picks: list[int] | None = None) -> list[int]:
    chosen: Picks = np.array(picks or [0] * len(means))
    return keep_provable(view(means, traffic), chosen, MARGIN).tolist()


def test_a_pattern_that_just_keeps_the_margin_is_proven_later() -> None:
    assert kept([0.1, -0.04, -0.03], [0.3, 0.4, 0.3]) == [0, UNCHANGED, UNCHANGED]


def test_patterns_that_are_as_good_are_proven_together() -> None:
    assert kept([0.0, 0.01, 0.0], [0.3, 0.4, 0.3]) == [0, 0, 0]


def test_a_small_pattern_does_not_stand_for_all_the_traffic() -> None:
    """Its pairs would come too seldom."""
    assert kept([0.1, 0.0, 0.0], [0.02, 0.5, 0.48]) == [0, 0, 0]


def test_what_cannot_be_proven_is_not_begun() -> None:
    assert kept([-0.06, -0.07], [0.5, 0.5]) == [UNCHANGED, UNCHANGED]


@pytest.mark.parametrize("picks", [[UNCHANGED, 0], [UNCHANGED, UNCHANGED]])
def test_nothing_is_added_to_what_was_chosen(picks: list[int]) -> None:
    assert kept([0.1, 0.1], [0.5, 0.5], picks) == picks


def choose_active(kind: str, known: float, doubtful: float, sd: float = 0.05) -> int:
    """The pick of an active choice of one pattern between a value that is known well and one that is not."""
    mean, width = np.array([[known, doubtful]]), np.array([[0.005, sd]])
    post = Posterior([], mean[None], mean, width, mean * 0, mean * 0 + 1.0)
    values = ScopeValues(["known", "doubtful"], [{}, {}], [], np.ones(mean.shape))
    nothing = np.full(1, UNCHANGED)
    scope = Scope(kind, "t", "base", "m", {})
    seen = ScopeView(scope, [], np.ones(1), [], values, None, post, nothing)
    state = OptimizationState("o", kind, "t", "base", {}, status="active")
    return int(pick_values(seen, state, nothing, PolicySettings())[0][0])


def test_active_settings_go_on_to_what_may_be_better_still() -> None:
    assert choose_active("tune_parameters", 0.05, 0.04) == 1


def test_active_settings_stay_with_what_is_better_for_certain() -> None:
    assert choose_active("tune_parameters", 0.05, 0.04, sd=0.005) == 0


def test_active_settings_hope_for_nothing_that_costs_more_than_the_quality_budget() -> None:
    assert choose_active("tune_parameters", 0.01, -0.02) == 0


def test_active_models_are_the_best_that_is_known() -> None:
    """A model that is worse is worse for everybody, and is found out by shadows instead."""
    assert choose_active("route_model", 0.05, 0.04) == 0
