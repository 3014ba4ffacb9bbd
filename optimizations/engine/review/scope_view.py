"""The evidence on one scope as arrays, one row per alternative."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.params import Params
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.review.champion import UNCHANGED, Picks
from optimizations.engine.review.traffic_split import ScopeValues
from optimizations.engine.statistics.betting import Array
from optimizations.engine.statistics.posterior import Posterior, likeness, unrelated
from optimizations.engine.trials.trial import Trial


class ScopeView(msgspec.Struct):
    """A scope during one review. `values` are what can be served; `chooser` follows the best."""

    scope: Scope
    patterns: list[str]
    traffic: Array  # [pattern], the last is all that is not listed
    trials: list[Trial]  # all that are live
    values: ScopeValues
    chooser: Trial | None
    post: Posterior
    picks: Picks
    price: float = 0.0
    doubted: bool = False  # the best known choice is to change nothing

    def used_by(self, trial: Trial) -> Picks:
        """The column of the value that `trial` would serve in each pattern."""
        targets = [trial.target(p) for p in [*self.patterns, ""]]
        keys = self.values.keys
        return np.array([keys.index(t) if t in keys else UNCHANGED for t in targets])


def _alike(scope: Scope, params: list[Params]) -> Array:
    """How far values resemble each other: settings by their levels, all else not at all."""
    settings = [p.get("parameters") for p in params]
    if not all(isinstance(s, dict) for s in settings):
        return unrelated(len(params))
    others: list[Params] = [s for s in settings if isinstance(s, dict)]
    names = {name for s in others for name in s}
    return likeness({n: scope.parameters.get(n) for n in names}, others)
