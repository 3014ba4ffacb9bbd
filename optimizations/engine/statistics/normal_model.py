"""The normal model of effects: its scatter, its solution, and draws from it."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.observed_effects import ObservedEffects

GUESS = (0.08, 0.05)  # scatter of values and of patterns before anything is known


SPREAD = 0.7  # standard deviation of the logarithm of those guesses


BOUNDS = ((0.02, 0.25), (0.01, 0.15))


STEP = 1.3


class NormalModel(msgspec.Struct):
    """The normal model for one pair of scatters."""

    overall: Array  # [arm]
    overall_cov: Array  # [arm, arm]
    gain: Array  # [pattern, arm, arm] how an observation moves the pattern's effects
    rest: Array  # [pattern, arm, arm] their covariance when the overall level is known
    evidence: float


def step_scatter(
    seen: ObservedEffects, prior: Array, kernel: Array, scatter: tuple[float, float]
) -> tuple[float, float]:
    """Moves each scatter to its best neighbour by marginal likelihood: one step a review."""
    best, found = -np.inf, scatter
    for which in (0, 1):
        for factor in (1.0, STEP, 1 / STEP):
            trial = list(found)
            trial[which] = float(np.clip(found[which] * factor, *BOUNDS[which]))
            pair = (trial[0], trial[1])
            guess = sum(np.log(x / g) ** 2 for x, g in zip(pair, GUESS, strict=True))
            score = solve_model(seen, prior, kernel, pair).evidence - guess / (2 * SPREAD**2)
            if score > best + 1e-9:
                best, better = score, pair
        found = better
    return found


def solve_model(
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


def matrix_root(cov: Array) -> Array:
    jitter = 1e-10 * np.eye(cov.shape[-1])
    symmetric = (cov + np.swapaxes(cov, -1, -2)) / 2
    values, vectors = np.linalg.eigh(symmetric + jitter)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :], dtype=np.float64)
