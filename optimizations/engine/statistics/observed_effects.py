"""What was observed of each value in each pattern: effects, their precision, what was saved."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from optimizations.engine.domain.task import CONTROL
from optimizations.engine.domain.trial_scope import Cell, PairCell, Scope
from optimizations.engine.statistics.arrays import Array

PAIR_NOISE = 0.25  # variance of a difference before any was seen


class ObservedEffects(msgspec.Struct):
    """What was observed: effect and its precision (0 where nothing was), [pattern, arm]."""

    effect: Array
    precision: Array
    saved: Array
    cost: Array  # relative to the incumbent's mean


def collect_effects(
    scope: Scope,
    values: Sequence[str],
    price_ratio: dict[str, float],
    weights: tuple[float, float],
    patterns: list[str],
) -> ObservedEffects:
    shape = (len(patterns), len(values))
    effect, precision, saved = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    costs, seen = np.ones(shape), PairedEffects.over(scope, values, patterns)
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
            costs[i, j] = cost
            saved[i, j] = weights[0] * (c0 - cost) + weights[1] * (t0 - time)
            cell = cells[j][i]
            if cell.n > 0.01:
                effect[i, j] = cell.mean - m0
                precision[i, j] = 1 / (own[j] / cell.n + here / (20 + control[i].n))
    effect, precision = seen.joined(effect, precision)
    return ObservedEffects(effect, precision, saved, costs)


class PairedEffects(msgspec.Struct):
    """What pairs of answers to the same task say, [pattern, arm]."""

    effect: Array
    precision: Array

    @classmethod
    def over(cls, scope: Scope, values: Sequence[str], patterns: list[str]) -> PairedEffects:
        shape = (len(patterns), len(values))
        effect, precision = np.zeros(shape), np.zeros(shape)
        for j, value in enumerate(values):
            by_pattern = scope.pairs.get(value, {})
            noise = pair_noise(by_pattern.get(""))
            for i, cell in enumerate(_listed_pairs(by_pattern, patterns)):
                if cell.n > 0.01:
                    effect[i, j], precision[i, j] = cell.total / cell.n, cell.n / noise
        return cls(effect, precision)

    def joined(self, effect: Array, precision: Array) -> tuple[Array, Array]:
        """Together with what was observed on live traffic, each by its precision."""
        both = precision + self.precision
        mean = effect * precision + self.effect * self.precision
        return np.divide(mean, both, out=np.zeros_like(mean), where=both > 0), both


def pair_noise(cell: PairCell | None) -> float:
    """Variance of one difference, as if ten of them had been seen before."""
    if cell is None or cell.n < 1:
        return PAIR_NOISE
    spread = cell.squares - cell.total**2 / cell.n
    return max(0.01, (10 * PAIR_NOISE + spread) / (10 + cell.n))


def _listed_pairs(by_pattern: dict[str, PairCell], patterns: list[str]) -> list[PairCell]:
    cells = [by_pattern.get(p) or PairCell() for p in patterns[:-1]]
    whole = by_pattern.get("") or PairCell()
    rest = PairCell(whole.n, whole.total, whole.squares)
    for cell in cells:
        rest.n -= cell.n
        rest.total -= cell.total
    return [*cells, rest if rest.n > 0.5 else PairCell()]


def _expected_spending(
    scope: Scope, value: str, pattern: str, ratio: float, incumbent: tuple[float, float]
) -> tuple[float, float]:
    """Relative cost and time of a value: the listed price until it was seen."""
    by_pattern = scope.cells.get(value, {})
    overall = by_pattern.get("") or Cell()
    own = by_pattern.get(pattern) or Cell()
    pairs = scope.pairs.get(value, {})
    beside, twin = pairs.get("") or PairCell(), pairs.get(pattern) or PairCell()
    everywhere = (5 * ratio + overall.cost + beside.cost) / (5 + overall.n + beside.n)
    n = own.n + twin.n
    time = (5 * incumbent[1] + own.time + twin.time) / (5 + n)
    if not pattern:
        return everywhere, time
    return (5 * everywhere * incumbent[0] + own.cost + twin.cost) / (5 + n), time


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
