"""What is believed of each change in each pattern, given everything that was seen.

One normal model a scope. How well a value v serves a pattern p is its overall level plus what is
special to the pattern; an effect is the difference to the incumbent, so that effects of one
pattern share the incumbent's luck. Settings whose parameters are alike are alike (a kernel over
the levels); models are not. How far values and patterns scatter is estimated from the data, one
step of ascent on the marginal likelihood a review (empirical Bayes: Efron & Morris, JASA 70 (1975);
hierarchical bandits: Hong et al., AISTATS 2022). Beliefs steer traffic only: what is
activated is decided by `evidence`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from optimizations.engine.domain.params import Params
from optimizations.engine.domain.task import CONTROL, Json
from optimizations.engine.domain.trial_scope import Cell, Scope
from optimizations.engine.statistics.betting import Array

DRAWS = 64
UNTRIED, CHEAPER = -0.02, 0.02  # expected effect of an untried change; a tenth of the price: less
GUESS = (0.08, 0.05)  # scatter of values and of patterns before anything is known
SPREAD = 0.7  # standard deviation of the logarithm of those guesses
BOUNDS = ((0.02, 0.25), (0.01, 0.15))
STEP = 1.3
NEAR = 1.5  # levels of a parameter this far apart correlate by 1/e


class Posterior(msgspec.Struct):
    """`quality` are draws of the effect on quality, [draw, pattern, arm]; `mean` and `sd` their
    centre and width, `saved` what the cheaper or faster answer is worth, all [pattern, arm].
    The last pattern is "all that is not listed"."""

    patterns: list[str]
    quality: Array
    mean: Array
    sd: Array
    saved: Array

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


class ObservedEffects(msgspec.Struct):
    """What was observed: effect and its precision (0 where nothing was), [pattern, arm]."""

    effect: Array
    precision: Array
    saved: Array


class NormalModel(msgspec.Struct):
    """The normal model for one pair of scatters."""

    overall: Array  # [arm]
    overall_cov: Array  # [arm, arm]
    gain: Array  # [pattern, arm, arm] how an observation moves the pattern's effects
    rest: Array  # [pattern, arm, arm] their covariance when the overall level is known
    evidence: float


def posterior(
    scope: Scope,
    values: Sequence[str],
    price_ratio: dict[str, float],
    weights: tuple[float, float],
    rng: np.random.Generator,
    patterns: list[str],
    alike: Array | None = None,
) -> Posterior:
    """What is believed of each value in each pattern. `weights` = (cost, duration).

    `alike` is the covariance of the values' effects up to scale (see `likeness`). Moves
    the scope's `scatter` one step towards what the data say.
    """
    kernel = unrelated(len(values)) if alike is None else alike
    seen = _collect(scope, values, price_ratio, weights, [*patterns, ""])
    ratios = np.array([max(0.01, price_ratio.get(v, 1.0)) for v in values])
    prior = UNTRIED + CHEAPER * np.minimum(0.0, np.log10(ratios))
    scope.scatter = _ascend(seen, prior, kernel, scope.scatter or GUESS)
    solved = _solve(seen, prior, kernel, scope.scatter)
    return _posterior(seen, solved, rng, patterns)


def unrelated(count: int) -> Array:
    """Effects of values that only share the incumbent they are compared with."""
    return np.asarray(np.eye(count) + 1.0, dtype=np.float64)


def likeness(own: Params, others: Sequence[Params]) -> Array:
    """Covariance of the effects of settings against the setting `own`, up to scale.

    Equal levels make settings alike; numbers are ordered, and near levels are more alike than
    far ones: additive and joint effects of the parameters, half of the variance each.
    """
    items = [own, *others]
    names = sorted({name for item in items for name in item})
    if not names:
        return unrelated(len(others))
    each = np.stack([_alike([item.get(name) for item in items]) for name in names])
    cov = 0.4 * each.mean(axis=0) + 0.4 * each.prod(axis=0) + 0.2 * np.eye(len(items))
    found = cov[1:, 1:] - cov[1:, :1] - cov[:1, 1:] + cov[0, 0]
    return np.asarray(2 * found / max(1e-9, float(np.diag(found).mean())), dtype=np.float64)


def _alike(levels: list[Json]) -> Array:
    if all(isinstance(x, int | float) for x in levels):
        order = sorted({float(x) for x in levels})  # type: ignore[arg-type]
        rank = np.array([order.index(float(x)) for x in levels])  # type: ignore[arg-type]
        return np.asarray(np.exp(-np.abs(rank[:, None] - rank) / NEAR), dtype=np.float64)
    return np.array([[float(a == b) for b in levels] for a in levels])


# ---- observations ----


def _collect(
    scope: Scope,
    values: Sequence[str],
    price_ratio: dict[str, float],
    weights: tuple[float, float],
    patterns: list[str],
) -> ObservedEffects:
    shape = (len(patterns), len(values))
    effect, precision, saved = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    noise = _noise(scope)
    own = [_own_noise(scope, value, noise) for value in values]
    control = _listed(scope, CONTROL, patterns)
    cells = [_listed(scope, value, patterns) for value in values]
    for i, pattern in enumerate(patterns):
        m0, c0, t0 = scope.mean(CONTROL, pattern)
        here = _noise_of(scope, pattern, noise) if pattern else noise
        for j, value in enumerate(values):
            cost, time = _spent(scope, value, pattern, price_ratio.get(value, 1.0), (c0, t0))
            saved[i, j] = weights[0] * (c0 - cost) + weights[1] * (t0 - time)
            cell = cells[j][i]
            if cell.n > 0.01:
                effect[i, j] = cell.mean - m0
                precision[i, j] = 1 / (own[j] / cell.n + here / (20 + control[i].n))
    return ObservedEffects(effect, precision, saved)


def _spent(
    scope: Scope, value: str, pattern: str, ratio: float, incumbent: tuple[float, float]
) -> tuple[float, float]:
    """Relative cost and time of a value: the listed price until it was seen."""
    by_pattern = scope.cells.get(value, {})
    overall = by_pattern.get("") or Cell()
    own = by_pattern.get(pattern) or Cell()
    everywhere = (5 * ratio + overall.cost) / (5 + overall.n)
    time = (5 * incumbent[1] + own.time) / (5 + own.n)
    if not pattern:
        return everywhere, time
    return (5 * everywhere * incumbent[0] + own.cost) / (5 + own.n), time


def _listed(scope: Scope, value: str, patterns: list[str]) -> list[Cell]:
    """The cells of a value; the last one holds what belongs to no listed pattern."""
    by_pattern = scope.cells.get(value, {})
    cells = [by_pattern.get(p) or Cell() for p in patterns[:-1]]
    whole = by_pattern.get("") or Cell()
    rest = Cell(whole.n, whole.quality, whole.squares)
    for cell in cells:
        rest.n -= cell.n
        rest.quality -= cell.quality
        rest.squares -= cell.squares
    return [*cells, rest if rest.n > 0.5 else Cell()]


def _noise(scope: Scope) -> float:
    """Variance of one quality, pooled over all values; never below 0.003."""
    total, n = 0.05 * 20, 20.0
    for by_pattern in scope.cells.values():
        cell = by_pattern.get("")
        if cell is not None and cell.n > 1:
            total += cell.squares - cell.quality**2 / cell.n
            n += cell.n
    return max(0.003, total / n)


def _own_noise(scope: Scope, value: str, noise: float) -> float:
    """Variance of one quality of a value: what fails more often than the others varies more, and
    with the others' variance a few failures of a good value would look like proof against it."""
    cell = scope.cells.get(value, {}).get("") or Cell()
    spread = cell.squares - cell.quality**2 / cell.n if cell.n > 1 else 0.0
    return max(noise, (noise * 5 + spread) / (5 + cell.n))


def _noise_of(scope: Scope, pattern: str, noise: float) -> float:
    total, n = noise * 20, 20.0
    for by_pattern in scope.cells.values():
        cell = by_pattern.get(pattern)
        if cell is not None and cell.n > 1:
            total += cell.squares - cell.quality**2 / cell.n
            n += cell.n
    return max(0.003, total / n)


# ---- the normal model ----


def _ascend(
    seen: ObservedEffects, prior: Array, kernel: Array, scatter: tuple[float, float]
) -> tuple[float, float]:
    """The better neighbour of each scatter by marginal likelihood: one step a review."""
    best, found = -np.inf, scatter
    for which in (0, 1):
        for factor in (1.0, STEP, 1 / STEP):
            trial = list(found)
            trial[which] = float(np.clip(found[which] * factor, *BOUNDS[which]))
            pair = (trial[0], trial[1])
            guess = sum(np.log(x / g) ** 2 for x, g in zip(pair, GUESS, strict=True))
            score = _solve(seen, prior, kernel, pair).evidence - guess / (2 * SPREAD**2)
            if score > best + 1e-9:
                best, better = score, pair
        found = better
    return found


def _solve(
    seen: ObservedEffects, prior: Array, kernel: Array, scatter: tuple[float, float]
) -> NormalModel:
    count = len(prior)
    eye = np.eye(count)
    special = scatter[1] ** 2 * kernel
    weight = seen.precision
    spread = eye + weight[:, :, None] * special  # I + WΣ, one a pattern
    info = np.linalg.solve(spread, weight[:, :, None] * eye)
    off = seen.effect - prior
    pulled = np.einsum("pij,pj->pi", info, off)
    together, pull = info.sum(axis=0), pulled.sum(axis=0)
    level = scatter[0] ** 2 * kernel
    whole = eye + together @ level
    cov = level @ np.linalg.inv(whole)
    cov = (cov + cov.T) / 2
    gain = np.einsum("ij,pjk->pik", special, info)
    rest = special - np.einsum("pij,jk->pik", gain, special)
    doubt = np.linalg.slogdet(spread)[1].sum() + np.linalg.slogdet(whole)[1]
    fit = float((pulled * off).sum() - pull @ cov @ pull)
    return NormalModel(prior + cov @ pull, cov, gain, rest, -0.5 * (float(doubt) + fit))


def _posterior(
    seen: ObservedEffects, solved: NormalModel, rng: np.random.Generator, patterns: list[str]
) -> Posterior:
    rows, count = seen.effect.shape
    keep = np.eye(count) - solved.gain
    moved = np.einsum("pij,pj->pi", solved.gain, seen.effect)
    mean = keep @ solved.overall + moved
    cov = solved.rest + keep @ solved.overall_cov @ keep.transpose(0, 2, 1)
    sd = np.sqrt(np.maximum(1e-10, np.diagonal(cov, axis1=1, axis2=2)))
    overall = solved.overall + rng.standard_normal((DRAWS, count)) @ _root(solved.overall_cov).T
    special = rng.standard_normal((DRAWS, rows, count))
    drawn = np.einsum("pij,dj->dpi", keep, overall) + moved
    drawn += np.einsum("pij,dpj->dpi", _root(solved.rest), special)
    return Posterior(patterns, drawn, mean, sd, seen.saved)


def _root(cov: Array) -> Array:
    jitter = 1e-10 * np.eye(cov.shape[-1])
    symmetric = (cov + np.swapaxes(cov, -1, -2)) / 2
    values, vectors = np.linalg.eigh(symmetric + jitter)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :], dtype=np.float64)
