"""The posterior effect of each change in each pattern, given everything that was observed.

One normal model a scope. How well a value v serves a pattern p is its overall level plus what is
special to the pattern; an effect is the difference to the incumbent, so that effects of one
pattern share the incumbent's luck. Settings whose parameters are alike are alike (a kernel over
the levels); models are not. How far values and patterns scatter is estimated from the data, one
step of ascent on the marginal likelihood a review (empirical Bayes: Efron & Morris, JASA 70 (1975);
hierarchical bandits: Hong et al., AISTATS 2022). Beliefs steer traffic only: what is
activated is decided by the tests of a trial (`trials.trial_tests`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.normal_model import (
    GUESS,
    NormalModel,
    matrix_root,
    solve_model,
    step_scatter,
)
from optimizations.engine.statistics.observed_effects import ObservedEffects, collect_effects
from optimizations.engine.statistics.value_likeness import unrelated_effects

DRAWS = 64
UNTRIED, CHEAPER = -0.02, 0.02  # expected effect of an untried change; a tenth of the price: less


class Posterior(msgspec.Struct):
    """`quality` are draws of the effect on quality, [draw, pattern, arm]; `mean` and `sd` their
    centre and width, `saved` what the cheaper or faster answer is worth, `cost` what it costs
    relative to the incumbent, all [pattern, arm].
    The last pattern is "all that is not listed"."""

    patterns: list[str]
    quality: Array
    mean: Array
    sd: Array
    saved: Array
    cost: Array

    @property
    def loss(self) -> Array:
        """[pattern, arm]: expected loss of quality of one request, doubt included."""
        return np.asarray(np.maximum(0.0, -self.quality).mean(axis=0), dtype=np.float64)

    def worth(self, price: float) -> Array:
        """[draw, pattern, arm]: effect on utility, quality counting 1 + `price` times."""
        return np.asarray(self.quality * (1 + price) + self.saved, dtype=np.float64)

    def worth_mean(self, price: float) -> Array:
        return np.asarray(self.mean * (1 + price) + self.saved, dtype=np.float64)

    def chance_good(self, margin: float) -> Array:
        """[pattern, arm]: chance that the value gains and keeps within the quality margin."""
        good = (self.worth(0.0) > 0) & (self.quality > -margin)
        return np.asarray(good.mean(axis=0), dtype=np.float64)


def infer_posterior(
    scope: Scope,
    values: Sequence[str],
    price_ratio: dict[str, float],
    weights: tuple[float, float],
    rng: np.random.Generator,
    patterns: list[str],
    alike: Array | None = None,
) -> Posterior:
    """The posterior of each value in each pattern. `weights` = (cost, duration).

    `alike` is the covariance of the values' effects up to scale (see `likeness`). Moves
    the scope's `scatter` one step towards what the data say.
    """
    kernel = unrelated_effects(len(values)) if alike is None else alike
    seen = collect_effects(scope, values, price_ratio, weights, [*patterns, ""])
    ratios = np.array([max(0.01, price_ratio.get(v, 1.0)) for v in values])
    prior = UNTRIED + CHEAPER * np.minimum(0.0, np.log10(ratios))
    scope.scatter = step_scatter(seen, prior, kernel, scope.scatter or GUESS)
    solved = solve_model(seen, prior, kernel, scope.scatter)
    return _draw_posterior(seen, solved, rng, patterns)


# ---- the normal model ----


def _draw_posterior(
    seen: ObservedEffects, solved: NormalModel, rng: np.random.Generator, patterns: list[str]
) -> Posterior:
    rows, count = seen.effect.shape
    keep = np.eye(count) - solved.gain
    moved = np.einsum("pij,pj->pi", solved.gain, seen.effect)
    mean = keep @ solved.overall + moved
    cov = solved.rest + keep @ solved.overall_cov @ keep.transpose(0, 2, 1)
    sd = np.sqrt(np.maximum(1e-10, np.diagonal(cov, axis1=1, axis2=2)))
    overall = (
        solved.overall + rng.standard_normal((DRAWS, count)) @ matrix_root(solved.overall_cov).T
    )
    special = rng.standard_normal((DRAWS, rows, count))
    drawn = np.einsum("pij,dj->dpi", keep, overall) + moved
    drawn += np.einsum("pij,dpj->dpi", matrix_root(solved.rest), special)
    return Posterior(patterns, drawn, mean, sd, seen.saved, seen.cost)
