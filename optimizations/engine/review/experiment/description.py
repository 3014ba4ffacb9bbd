"""Writes what is known of an experiment into its state, once a review."""

from __future__ import annotations

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json
from optimizations.engine.review.experiment.health_figures import summarize_health
from optimizations.engine.review.experiment.power import estimate_power
from optimizations.engine.review.knapsack import Picks
from optimizations.engine.review.scope_view import ScopeView
from optimizations.engine.trials.trial import Trial

PLANNED = ("candidate", "shadow", "trial")


def describe_experiment(
    view: ScopeView, trial: Trial, used: Picks, settings: PolicySettings, now: float, waited: float
) -> bool:
    """Whether it says something else than before."""
    state, before, health = trial.state, trial.state.power, trial.state.health
    state.health = summarize_health(trial.tests, waited)
    planned = state.status in PLANNED
    state.power = estimate_power(view, used, trial.tests, settings, now) if planned else {}
    return state.health != health or is_news(before, state.power)


def is_news(before: dict[str, Json], now: dict[str, Json]) -> bool:
    """Whether a plan has moved by more than a tenth: it is written no oftener than that."""
    if bool(now) != bool(before):
        return True
    return any(has_moved(before.get(name), now.get(name)) for name in ("more", "days"))


def has_moved(old: Json, new: Json) -> bool:
    if not isinstance(old, int | float) or not isinstance(new, int | float):
        return old != new
    return abs(new - old) > 0.1 * max(1.0, old)
