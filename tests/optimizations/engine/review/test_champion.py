"""What a choice serves: on shadows what ends the proof soonest, once active the best that is known."""

from __future__ import annotations

import numpy as np
import pytest

from optimizations.engine.domain.lifecycle import Status
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.params import Params
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.review.champion import keep_provable, pick_values, settle_picks
from optimizations.engine.review.knapsack import UNCHANGED, Picks
from optimizations.engine.review.scope_view import ScopeValues, ScopeView
from optimizations.engine.statistics.posterior import Posterior
from optimizations.engine.trials.trial import Trial

MARGIN = 0.05


def view(
    means: list[float], traffic: list[float], sd: float = 0.01, doubt: float = 0.0
) -> ScopeView:
    """`doubt`: standard deviation of what all patterns together change."""
    mean = np.array(means)[:, None]
    names = [f"p{n}" for n in range(len(means) - 1)]
    draws = np.stack([mean - doubt, mean + doubt])
    post = Posterior(names, draws, mean, mean * 0 + sd, mean * 0 + 0.09, mean * 0 + 0.1)
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


def on_trial(means: list[float], sd: float, doubt: float = 0.0) -> tuple[ScopeView, Trial]:
    """A single cheaper model on live trial in patterns of the same traffic."""
    seen = view(means, [1 / len(means)] * len(means), sd, doubt)
    params: Params = {"model_id": "small"}
    state = OptimizationState(
        "o", "route_model", "t", "large", params, status="trial", adaptive=True
    )
    seen.trials = [Trial.of(state)]
    seen.chooser = seen.trials[0]
    return seen, seen.chooser


def try_live(means: list[float], sd: float) -> list[int]:
    seen, trial = on_trial(means, sd)
    return pick_values(seen, trial.state, seen.picks, PolicySettings())[0].tolist()


def test_a_live_trial_takes_in_what_looks_bad_after_a_few_requests() -> None:
    """It would get no others there, and look bad for ever."""
    assert try_live([-0.03, -0.04, -0.05], sd=0.05) == [0, 0, 0]


def test_a_live_trial_leaves_out_what_is_known_to_be_worse() -> None:
    assert try_live([0.0, 0.0, -0.045], sd=0.01) == [0, 0, UNCHANGED]


def settle(means: list[float], status: Status = "trial", doubt: float = 0.0) -> list[int]:
    seen, trial = on_trial(means, 0.03, doubt)
    trial.state.status = status
    seen.picks = np.zeros(len(means), dtype=np.int64)
    trial.state.choice = dict.fromkeys([*seen.patterns, ""], "small")
    return settle_picks(seen, trial, PolicySettings()).tolist()


def test_of_a_trial_too_large_for_the_quality_budget_what_fits_becomes_active() -> None:
    assert settle([-0.015, -0.02, -0.03]) == [0, UNCHANGED, UNCHANGED]


def test_what_fits_becomes_active_as_it_was_tried() -> None:
    assert settle([0.0, -0.005, -0.01]) == [0, 0, 0]


def test_less_becomes_active_where_little_is_known_of_the_whole() -> None:
    """A quarter of a standard deviation of doubt leaves room for a smaller loss."""
    means = [0.0, -0.01, -0.012]
    assert settle(means, doubt=0.002) == [0, 0, 0]
    assert settle(means, doubt=0.02) == [0, 0, UNCHANGED]


def test_a_single_model_that_is_active_is_served_by_the_same_careful_estimate() -> None:
    seen, trial = on_trial([0.0, -0.01, -0.012], 0.01, 0.02)
    trial.state.status = "active"
    picks, _ = pick_values(seen, trial.state, np.zeros(3, dtype=np.int64), PolicySettings())
    assert picks.tolist() == [0, 0, UNCHANGED]


def test_what_is_active_is_judged_by_what_it_serves() -> None:
    assert settle([-0.015, -0.02, -0.03], status="active") == [0, 0, 0]


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
