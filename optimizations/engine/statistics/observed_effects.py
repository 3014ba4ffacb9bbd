"""What was observed of each value in each pattern: effects, their precision, what was saved."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from optimizations.engine.domain.task import CONTROL
from optimizations.engine.domain.trial_scope import Cell, Scope
from optimizations.engine.statistics.arrays import Array


class ObservedEffects(msgspec.Struct):
    """What was observed: effect and its precision (0 where nothing was), [pattern, arm]."""

    effect: Array
    precision: Array
    saved: Array


def collect_effects(
    scope: Scope,
    values: Sequence[str],
    price_ratio: dict[str, float],
    weights: tuple[float, float],
    patterns: list[str],
) -> ObservedEffects:
    shape = (len(patterns), len(values))
    effect, precision, saved = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    noise = _pooled_noise(scope)
    own = [_value_noise(scope, value, noise) for value in values]
    control = _listed_cells(scope, CONTROL, patterns)
    cells = [_listed_cells(scope, value, patterns) for value in values]
    for i, pattern in enumerate(patterns):
        m0, c0, t0 = scope.mean(CONTROL, pattern)
        here = _pattern_noise(scope, pattern, noise) if pattern else noise
        for j, value in enumerate(values):
            cost, time = _expected_spending(
                scope, value, pattern, price_ratio.get(value, 1.0), (c0, t0)
            )
            saved[i, j] = weights[0] * (c0 - cost) + weights[1] * (t0 - time)
            cell = cells[j][i]
            if cell.n > 0.01:
                effect[i, j] = cell.mean - m0
                precision[i, j] = 1 / (own[j] / cell.n + here / (20 + control[i].n))
    return ObservedEffects(effect, precision, saved)


def _expected_spending(
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


def _listed_cells(scope: Scope, value: str, patterns: list[str]) -> list[Cell]:
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


def _pooled_noise(scope: Scope) -> float:
    """Variance of one quality, pooled over all values; never below 0.003."""
    total, n = 0.05 * 20, 20.0
    for by_pattern in scope.cells.values():
        cell = by_pattern.get("")
        if cell is not None and cell.n > 1:
            total += cell.squares - cell.quality**2 / cell.n
            n += cell.n
    return max(0.003, total / n)


def _value_noise(scope: Scope, value: str, noise: float) -> float:
    """Variance of one quality of a value: what fails more often than the others varies more, and
    with the others' variance a few failures of a good value would look like proof against it."""
    cell = scope.cells.get(value, {}).get("") or Cell()
    spread = cell.squares - cell.quality**2 / cell.n if cell.n > 1 else 0.0
    return max(noise, (noise * 5 + spread) / (5 + cell.n))


def _pattern_noise(scope: Scope, pattern: str, noise: float) -> float:
    total, n = noise * 20, 20.0
    for by_pattern in scope.cells.values():
        cell = by_pattern.get(pattern)
        if cell is not None and cell.n > 1:
            total += cell.squares - cell.quality**2 / cell.n
            n += cell.n
    return max(0.003, total / n)
