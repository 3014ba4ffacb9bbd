"""One scope during a review: the evidence as arrays, one row a pattern, one column a value."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.params import Cards, Params
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.review.knapsack import UNCHANGED, Picks
from optimizations.engine.serving.policy_table import PolicyTable
from optimizations.engine.shadows.shadow_plan import may_shadow
from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.posterior import Posterior, infer_posterior
from optimizations.engine.statistics.value_likeness import setting_likeness, unrelated_effects
from optimizations.engine.trials.trial import Trial

LISTED = 48  # patterns of a scope that get plans of their own
SLOW_AFTER = 4  # requests before a value counts as slow
LIVE = ("candidate", "shadow", "trial", "active")


class ScopeValues(msgspec.Struct):
    """The values of a scope in the order of the posterior's columns, and who explores them."""

    keys: list[str]
    params: list[Params]
    owners: list[OptimizationState]
    fits: Array  # [pattern, value] 1 where the value may be used


class ScopeView(msgspec.Struct):
    """What can be served (`values`), what is believed of it (`post`), and what was chosen.

    The last row of every array is "all patterns that are not listed". `chooser` is the trial that
    follows the best known choice, `picks` the column it chose for each pattern.
    """

    scope: Scope
    patterns: list[str]
    traffic: Array  # [pattern] shares of the scope's requests
    trials: list[Trial]  # all that are live
    values: ScopeValues
    chooser: Trial | None
    post: Posterior
    picks: Picks
    price: float = 0.0  # of quality, at which the picks were made
    doubted: bool = False  # the best known choice is to change nothing
    shadowed: bool = False  # alternatives are compared by shadows

    def used_by(self, trial: Trial) -> Picks:
        """The column of the value that `trial` would serve in each pattern."""
        targets = [trial.target(p) for p in [*self.patterns, ""]]
        keys = self.values.keys
        return np.array([keys.index(t) if t in keys else UNCHANGED for t in targets])

    @property
    def alone(self) -> bool:
        """Whether there is a single alternative."""
        return len(self.values.keys) == 1

    @property
    def offline(self) -> bool:
        """Whether shadows take the place of trying on live traffic: of several models, where most
        are worse and many cheaper. Settings cost the same as shadows, and hardly any harms."""
        return self.shadowed and not self.alone and self.scope.kind == "route_model"

    @property
    def exploring(self) -> bool:
        if self.offline:
            return self.chooser is not None and self.chooser.state.confirming
        return any(trial.state.status in ("candidate", "trial") for trial in self.trials)


def live_trials(trials: list[Trial]) -> list[Trial]:
    """What may be served or tried, in a fixed order."""
    live = [t for t in trials if t.state.status in LIVE and not t.state.blocked]
    return sorted(live, key=lambda trial: trial.state.id)


def build_view(
    scope: Scope, live: list[Trial], table: PolicyTable, settings: PolicySettings
) -> ScopeView | None:
    """None when no single value is left that could be served."""
    own = {value_key(t.state.params): t for t in reversed(live) if not t.state.tailored}
    if not own:
        return None
    patterns = scope.largest_patterns(LISTED)
    traffic = share_traffic(scope, patterns)
    values = collect_values(scope, own, patterns, settings.latency_factor)
    post = infer_posterior(
        scope,
        values.keys,
        expected_prices(scope, values, table.cards),
        (settings.cost_weight, settings.duration_weight),
        np.random.default_rng([table.version, len(patterns), len(values.keys)]),
        patterns,
        value_likeness(scope, values.params),
    )
    chooser = next((trial for trial in live if trial.state.adaptive), None)
    nothing = np.full(len(traffic), UNCHANGED)
    view = ScopeView(scope, patterns, traffic, live, values, chooser, post, nothing)
    view.shadowed = may_shadow(scope, settings)
    return view


def share_traffic(scope: Scope, patterns: list[str]) -> Array:
    """The share of each listed pattern, then that of all others."""
    seen = np.array([scope.seen.get(p, 0.0) for p in patterns])
    rest = max(1.0, scope.requests - seen.sum())
    return np.asarray(np.append(seen, rest) / (seen.sum() + rest), dtype=np.float64)


def collect_values(
    scope: Scope, own: dict[str, Trial], patterns: list[str], latency_factor: float
) -> ScopeValues:
    keys = sorted(own)
    owners = [own[key].state for key in keys]
    fits = [
        [float(s.adaptive or own[k].covers(p)) for k, s in zip(keys, owners, strict=True)]
        for p in [*patterns, ""]
    ]
    fast = np.array([float(is_fast_enough(scope, key, latency_factor)) for key in keys])
    return ScopeValues(keys, [s.params for s in owners], owners, np.array(fits) * fast)


def is_fast_enough(scope: Scope, key: str, factor: float) -> bool:
    """Whether the mean duration of a value leaves its slowest answers a chance to pass."""
    cell = scope.cells.get(key, {}).get("")
    if cell is None or cell.n < SLOW_AFTER:
        return True
    usual = max(1e-9, scope.mean(CONTROL, "")[2])
    return cell.time / cell.n <= factor * usual


def expected_prices(scope: Scope, values: ScopeValues, cards: Cards) -> dict[str, float]:
    """By value: price relative to the incumbent's that a change of model has by list price."""
    base = cards.get(scope.model_id)
    found = {}
    for key, params in zip(values.keys, values.params, strict=True):
        other = cards.get(str(params.get("model_id", "")))
        ratios = [
            b / a
            for name in ("input_per_1m", "output_per_1m")
            if (a := getattr(base and base.prices, name, None))
            and (b := getattr(other and other.prices, name, None)) is not None
        ]
        if ratios:
            found[key] = sum(ratios) / len(ratios)
    return found


def value_likeness(scope: Scope, params: list[Params]) -> Array:
    """Covariance of the values' effects: settings by their levels, all else unrelated."""
    settings = [p.get("parameters") for p in params]
    if not all(isinstance(s, dict) for s in settings):
        return unrelated_effects(len(params))
    others: list[Params] = [s for s in settings if isinstance(s, dict)]
    names = {name for s in others for name in s}
    return setting_likeness({n: scope.parameters.get(n) for n in names}, others)
