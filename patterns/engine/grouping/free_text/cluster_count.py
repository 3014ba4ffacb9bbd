"""How many clusters free texts fall into: silhouette and the agreement of halves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from patterns.engine.domain.arrays import Floats, Integers
from patterns.engine.grouping.free_text.linkage import (
    Tree,
    build_tree,
    cut_tree,
    find_centres,
    sum_clusters,
)

_NEARLY = 0.9  # of the best value is as good as the best: between those lies the number taken
_HALVINGS = 4
_TRUST = 3  # power of the agreement: few true clusters are found by it, many by the separation
_GRID = 1.25  # ratio of successive numbers of clusters tried


def pick_number(numbers: Sequence[int], values: Sequence[float]) -> int:
    """The geometric mean of the numbers about as good as the best: the top itself is noisy."""
    enough = _NEARLY * max(values)
    if enough <= 0:
        return 1
    good = [number for number, value in zip(numbers, values, strict=True) if value >= enough]
    return round(float(np.exp(np.mean(np.log(good)))))


def list_numbers(most: int) -> list[int]:
    """The numbers of clusters to try, from 2 to `most`, each a quarter larger than the last."""
    numbers = [2]
    while numbers[-1] < most:
        numbers.append(min(most, max(numbers[-1] + 1, round(numbers[-1] * _GRID))))
    return numbers


def rate_numbers(drawn: Floats, whole: Tree, numbers: Sequence[int], seed: int) -> list[float]:
    """For each number: the silhouette, times how well clusterings of halves agree (0 to 1) cubed."""
    halves = [_build_half_trees(drawn, seed + i) for i in range(_HALVINGS)]
    values = []
    for number in numbers:
        agreement = float(np.mean([_measure_agreement(drawn, half, number) for half in halves]))
        values.append(
            measure_silhouette(drawn, cut_tree(whole, number)) * max(0.0, agreement) ** _TRUST
        )
    return values


def _build_half_trees(drawn: Floats, seed: int) -> list[tuple[Floats, Tree]]:
    order = np.random.default_rng(seed + 101).permutation(len(drawn))
    parts = (order[: len(order) // 2], order[len(order) // 2 :])
    return [(drawn[part], build_tree(drawn[part], seed)) for part in parts]


def _measure_agreement(drawn: Floats, halves: list[tuple[Floats, Tree]], number: int) -> float:
    """Adjusted Rand index of the clusters that the two halves give all vectors."""
    said = [
        np.argmax(drawn @ find_centres(part, cut_tree(tree, number)).T, axis=1)
        for part, tree in halves
    ]
    return measure_adjusted_rand(said[0], said[1])


def measure_adjusted_rand(left: Integers, right: Integers) -> float:
    """Hubert and Arabie (1985); 1.0 for equal partitions, about 0 for unrelated ones."""
    table = np.zeros((left.max() + 1, right.max() + 1))
    np.add.at(table, (left, right), 1)
    together = _count_pairs(table).sum()
    rows, columns = _count_pairs(table.sum(1)).sum(), _count_pairs(table.sum(0)).sum()
    expected = rows * columns / max(1.0, float(_count_pairs(np.array(float(len(left))))))
    best = (rows + columns) / 2
    return 1.0 if best == expected else float((together - expected) / (best - expected))


def _count_pairs(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return counts * (counts - 1) / 2


def measure_silhouette(vectors: Floats, labels: Integers) -> float:
    """Mean silhouette by average cosine distance, -1 to 1; a vector alone counts 0."""
    own = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(own)
    if len(sizes) < 2:
        return 0.0
    rows = np.arange(len(vectors))
    likeness = vectors @ sum_clusters(vectors, own).T
    inside = 1 - (likeness[rows, own] - 1) / np.maximum(1, sizes[own] - 1)
    likeness = likeness / sizes
    likeness[rows, own] = -2
    outside = 1 - likeness.max(1)
    values = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-9)
    return float(np.where(sizes[own] > 1, values, 0.0).mean())
