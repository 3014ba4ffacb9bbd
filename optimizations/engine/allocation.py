"""Who gets which share of the traffic: hierarchical Thompson sampling, and keyed assignment.

Each value's effect in a pattern is drawn from a normal whose centre is the value's overall
effect; how far patterns scatter is estimated (shrunk to what 20 requests would
show). Priors and draws steer traffic only; what is activated is decided by `evidence`.
Thompson (1933); hierarchical: Hong et al., "Hierarchical Bayesian bandits", AISTATS 2022.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np

from optimizations.engine.evidence import Array
from optimizations.engine.scope import Cell, Scope
from optimizations.engine.task import CONTROL

DRAWS = 64
STRENGTH = 20.0  # requests of agreement between patterns that are taken for granted
PRIOR_MEAN, PRIOR_SD = -0.02, 0.12  # effect on quality of a change nobody has tried
TOLERANCE = 0.01  # a quality loss beyond this counts twice
FLOOR, CEILING = 0.02, 0.98


def position(salt: bytes, *parts: str) -> float:
    """A number in [0, 1) that only the holder of the salt can foresee; equal for equal parts."""
    text = "\x1f".join(parts).encode()
    digest = hashlib.blake2b(text, key=salt[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Posterior(msgspec.Struct):
    """`quality` and `value` are draws of the effect, [draw, pattern, arm]; the last pattern is
    "all that is not listed". `mean` and `value_mean` are their centres, [pattern, arm]."""

    patterns: list[str]
    quality: Array
    value: Array
    mean: Array
    value_mean: Array
    sd: Array
    noise: float = 0.25

    @property
    def loss(self) -> Array:
        """[pattern, arm]: expected loss of quality of one request, doubt included."""
        return np.asarray(np.maximum(0.0, -self.quality).mean(axis=0), dtype=np.float64)

    def chance_good(self, margin: float) -> Array:
        """[pattern, arm]: chance that the value gains and keeps within the quality margin."""
        good = (self.value > 0) & (self.quality > -margin)
        return np.asarray(good.mean(axis=0), dtype=np.float64)


class _Sums(msgspec.Struct):
    n: Array  # [pattern, arm]
    effect: Array
    variance: Array
    saved: Array  # relative cost and time saved, weighted
    noise: float


def posterior(
    scope: Scope,
    values: Sequence[str],
    price_ratio: dict[str, float],
    weights: tuple[float, float],
    rng: np.random.Generator,
    patterns: list[str],
) -> Posterior:
    """What is believed of each value in each pattern. `weights` = (cost, duration)."""
    sums = _collect(scope, values, price_ratio, weights, [*patterns, ""])
    scatter = _scatter(sums)
    centre, centre_sd = _overall(sums, scatter)
    shape = (DRAWS, *sums.n.shape)
    overall = centre + centre_sd * rng.standard_normal((DRAWS, 1, len(values)))
    precision = np.where(sums.n > 0, 1 / sums.variance, 0.0)
    precision[-1] = 0.0  # unlisted patterns: only what holds overall
    total = 1 / scatter + precision
    pull = precision * sums.effect / total
    quality = overall / scatter / total + pull + rng.standard_normal(shape) / np.sqrt(total)
    mean = centre / scatter / total + pull
    sd = np.sqrt(1 / total + (centre_sd / scatter / total) ** 2)
    value = quality + sums.saved - np.maximum(0.0, -quality - TOLERANCE)
    value_mean = mean + sums.saved - np.maximum(0.0, -mean - TOLERANCE)
    return Posterior(patterns, quality, value, mean, value_mean, sd, sums.noise)


def _collect(
    scope: Scope,
    values: Sequence[str],
    price_ratio: dict[str, float],
    weights: tuple[float, float],
    patterns: list[str],
) -> _Sums:
    shape = (len(patterns), len(values))
    n, effect, saved = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    variance = np.ones(shape)
    control = scope.cells.get(CONTROL, {})
    noise = _noise(scope)
    for i, pattern in enumerate(patterns):
        m0, c0, t0 = scope.mean(CONTROL, pattern)
        n0 = 20 + control.get(pattern, Cell()).n
        for j, value in enumerate(values):
            by_pattern = scope.cells.get(value, {})
            cell = by_pattern.get(pattern) or Cell()
            overall = by_pattern.get("") or Cell()
            prior = price_ratio.get(value, 1.0)
            c_all = (5 * prior + overall.cost) / (5 + overall.n)
            cost = (5 * c_all * c0 + cell.cost) / (5 + cell.n) if pattern else c_all
            time = (5 * t0 + cell.time) / (5 + cell.n)
            saved[i, j] = weights[0] * (c0 - cost) + weights[1] * (t0 - time)
            n[i, j] = cell.n
            if cell.n:
                effect[i, j] = cell.mean - m0
                variance[i, j] = noise / cell.n + noise / n0
    return _Sums(n, effect, variance, saved, noise)


def _noise(scope: Scope) -> float:
    """Variance of one quality within a pattern, pooled over all values; never below 0.01."""
    total, n = 0.01 * 20, 20.0
    for by_pattern in scope.cells.values():
        cell = by_pattern.get("")
        if cell is not None and cell.n > 1:
            total += cell.squares - cell.quality**2 / cell.n
            n += cell.n
    return max(0.01, total / n)


def _scatter(sums: _Sums) -> float:
    """Variance of a value's effect between patterns, by moments, shrunk to agreement."""
    n, effect, variance = sums.n[:-1], sums.effect[:-1], sums.variance[:-1]
    agreed = sums.noise / STRENGTH
    counted = n >= 4
    if counted.sum() < 4:
        return agreed
    weight = np.where(counted, n, 0.0)
    centre = (weight * effect).sum(0) / np.maximum(weight.sum(0), 1.0)
    excess = np.where(counted, (effect - centre) ** 2 - variance, 0.0)
    trust = weight / (weight + 20)
    observed = (trust * excess).sum() / max(1e-9, trust.sum())
    known = trust.sum()
    return float(np.clip((6 * agreed + known * observed) / (6 + known), agreed / 2, 0.1))


def _overall(sums: _Sums, scatter: float) -> tuple[Array, Array]:
    """Each value's overall effect: centre and standard deviation, [arm]."""
    n = sums.n[-1]
    spread = (sums.n[:-1] ** 2).sum(0) / np.maximum(n, 1.0) ** 2
    measured = np.maximum(sums.variance[-1] + scatter * spread, 1e-6)
    precision = np.where(n > 0, 1 / measured, 0.0)
    total = 1 / PRIOR_SD**2 + precision
    centre = (PRIOR_MEAN / PRIOR_SD**2 + precision * sums.effect[-1]) / total
    return centre, np.asarray(1 / np.sqrt(total), dtype=np.float64)


def shares_of_best(values: Array, floor: float) -> Array:
    """[draw, arm] → how often each arm is the best of all and better than `floor`."""
    best = values.argmax(axis=1)
    wins = values[np.arange(len(values)), best] > floor
    return np.bincount(best[wins], minlength=values.shape[1]) / len(values)
