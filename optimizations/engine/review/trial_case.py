"""The case of one trial: the figures by which the judge decides."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.review.knapsack import Picks
from optimizations.engine.review.scope_view import ScopeView
from optimizations.engine.statistics.arrays import Array
from optimizations.engine.trials.trial import Trial


class TrialCase(msgspec.Struct):
    """`reach` is the share of traffic it would serve once it is active, `effect` the effect of that on
    all traffic's quality, as believed; `hope` the chance of a gain within the margin, weighed by traffic."""

    scope: Scope
    trial: Trial
    reach: float
    hope: float
    effect: float
    component: bool  # tried for the sake of another one that serves the best of each pattern
    discovered: bool  # e-BH picked it among all trials that run


def build_case(view: ScopeView, trial: Trial, used: Picks, good: Array, found: bool) -> TrialCase:
    """`used` are the columns it would serve once active, `good` [pattern, value] chances of a gain."""
    doubted = view.doubted and trial is view.chooser
    rows = np.flatnonzero(used >= 0)
    return TrialCase(
        scope=view.scope,
        trial=trial,
        reach=0.0 if doubted else float(view.traffic[rows].sum()),
        hope=chance_of_gain(view, trial, good),
        effect=float((view.traffic[rows] * view.post.mean[rows, used[rows]]).sum()),
        component=view.chooser is not None
        and trial is not view.chooser
        and not trial.state.by_hand,
        discovered=found,
    )


def chance_of_gain(view: ScopeView, trial: Trial, good: Array) -> float:
    """The chance that its own value gains, or that any does where it follows the best."""
    own = [k for k, owner in enumerate(view.values.owners) if owner is trial.state]
    columns = good[:, own] if own else good
    return float((view.traffic * columns.max(axis=1)).sum())


def believed_effects(view: ScopeView, used: Picks) -> dict[str, tuple[float, float]]:
    """The expected effect on quality and on utility of what is used in each pattern."""
    worth = view.post.worth_mean(0.0)
    names = [*view.patterns, ""]
    return {
        names[p]: (float(view.post.mean[p, used[p]]), float(worth[p, used[p]]))
        for p in np.flatnonzero(used >= 0)
    }
