"""How alike the effects of values are: the covariance that a posterior starts from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizations.engine.domain.params import Params
from optimizations.engine.domain.task import Json
from optimizations.engine.statistics.arrays import Array

NEAR = 1.5  # levels of a parameter this far apart correlate by 1/e


def unrelated_effects(count: int) -> Array:
    """Effects of values that only share the incumbent they are compared with."""
    return np.asarray(np.eye(count) + 1.0, dtype=np.float64)


def setting_likeness(own: Params, others: Sequence[Params]) -> Array:
    """Covariance of the effects of settings against the setting `own`, up to scale.

    Equal levels make settings alike; numbers are ordered, and near levels are more alike than
    far ones: additive and joint effects of the parameters, half of the variance each.
    """
    items = [own, *others]
    names = sorted({name for item in items for name in item})
    if not names:
        return unrelated_effects(len(others))
    each = np.stack([_level_likeness([item.get(name) for item in items]) for name in names])
    cov = 0.4 * each.mean(axis=0) + 0.4 * each.prod(axis=0) + 0.2 * np.eye(len(items))
    found = cov[1:, 1:] - cov[1:, :1] - cov[:1, 1:] + cov[0, 0]
    return np.asarray(2 * found / max(1e-9, float(np.diag(found).mean())), dtype=np.float64)


def _level_likeness(levels: list[Json]) -> Array:
    if all(isinstance(x, int | float) for x in levels):
        order = sorted({float(x) for x in levels})  # type: ignore[arg-type]
        rank = np.array([order.index(float(x)) for x in levels])  # type: ignore[arg-type]
        return np.asarray(np.exp(-np.abs(rank[:, None] - rank) / NEAR), dtype=np.float64)
    return np.array([[float(a == b) for b in levels] for a in levels])
