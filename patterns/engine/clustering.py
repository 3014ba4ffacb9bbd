"""Clusters of unit vectors whose number is found, not given.

Neighbours are drawn together first, many small clusters follow (spherical k-means with the seeding
of Arthur and Vassilvitskii, 2007), average linkage joins them, and the cut is the number that is
best separated (silhouette, Rousseeuw 1987) and found again in halves of the data (Tibshirani and
Walther, 2005). Measured on eight sets of 5 to 77 intents; no number is known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from patterns.engine.lexical import Floats, Integers, unit

NEIGHBOURS, PULL, PULLS = 10, 0.5, 2
_MOST_SEEDS = 400
_PER_SEED = 4  # vectors for one small cluster
_STEPS = 15
_NEARLY = 0.9  # of the best value is as good as the best: between those lies the number taken
_HALVINGS = 4
_FEW = 12  # vectors; fewer tell nothing about the number of clusters
_NEAR = 0.5  # cosine at which a few vectors are one cluster
_TRUST = 3  # power of the agreement: few true clusters are found by it, many by the separation
_GRID = 1.25  # ratio of successive numbers of clusters tried


class Tree(NamedTuple):
    """Small clusters and the order in which they join: (kept, absorbed, mean cosine)."""

    small: Integers
    joins: list[tuple[int, int, float]]
    seeds: int


def clusters(vectors: Floats, seed: int = 0) -> Integers:
    """The number of the cluster of each row."""
    if len(vectors) < _FEW:
        return _alike(vectors)
    drawn = drawn_together(vectors)
    whole = _tree(drawn, seed)
    numbers = _numbers_tried(whole.seeds)
    values = _values(drawn, whole, numbers, seed)
    return _cut(whole, _middle_of_the_best(numbers, values))


def _alike(vectors: Floats) -> Integers:
    rows = np.arange(len(vectors))
    tree = Tree(rows, _joins(vectors.astype(np.float64), np.ones(len(vectors))), len(vectors))
    return _cut(tree, len(vectors) - sum(likeness >= _NEAR for *_, likeness in tree.joins))


def _middle_of_the_best(numbers: Sequence[int], values: Sequence[float]) -> int:
    """The geometric mean of the numbers about as good as the best: the top itself is noisy."""
    enough = _NEARLY * max(values)
    if enough <= 0:
        return 1
    good = [number for number, value in zip(numbers, values, strict=True) if value >= enough]
    return round(float(np.exp(np.mean(np.log(good)))))


def drawn_together(vectors: Floats) -> Floats:
    """Each vector moved towards the mean of its nearest neighbours."""
    near = min(NEIGHBOURS, len(vectors) - 1)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1.0)
    nearest, weights = _nearest(likeness, near)
    weights /= weights.sum(1, keepdims=True) + 1e-9
    for _ in range(PULLS):
        mean = np.einsum("nk,nkd->nd", weights, vectors[nearest])
        vectors = unit((1 - PULL) * vectors + PULL * mean)
    return vectors


def nearest_cluster(vectors: Floats, others: Floats, labels: Integers) -> Integers:
    """The cluster most of a vector's nearest neighbours among the `others` are in."""
    nearest, weights = _nearest(vectors @ others.T, min(NEIGHBOURS, len(others)))
    votes = np.zeros((len(vectors), int(labels.max()) + 1), dtype=np.float32)
    rows = np.arange(len(vectors))[:, None]
    np.add.at(votes, (rows, labels[nearest]), weights**2)
    winners: Integers = votes.argmax(1)
    return winners


def _nearest(likeness: Floats, number: int) -> tuple[Integers, Floats]:
    """The columns of the highest values in each row, and those values where positive."""
    nearest = np.argpartition(-likeness, number - 1, axis=1)[:, :number]
    return nearest, np.take_along_axis(likeness, nearest, 1).clip(0)


def _numbers_tried(most: int) -> list[int]:
    numbers = [2]
    while numbers[-1] < most:
        numbers.append(min(most, max(numbers[-1] + 1, round(numbers[-1] * _GRID))))
    return numbers


def _values(drawn: Floats, whole: Tree, numbers: Sequence[int], seed: int) -> list[float]:
    halves = [_half_trees(drawn, seed + i) for i in range(_HALVINGS)]
    values = []
    for number in numbers:
        agreement = float(np.mean([_agreement(drawn, half, number) for half in halves]))
        values.append(silhouette(drawn, _cut(whole, number)) * max(0.0, agreement) ** _TRUST)
    return values


def _half_trees(drawn: Floats, seed: int) -> list[tuple[Floats, Tree]]:
    order = np.random.default_rng(seed + 101).permutation(len(drawn))
    parts = (order[: len(order) // 2], order[len(order) // 2 :])
    return [(drawn[part], _tree(drawn[part], seed)) for part in parts]


def _agreement(drawn: Floats, halves: list[tuple[Floats, Tree]], number: int) -> float:
    """Adjusted Rand index of what the two halves say about all vectors."""
    said = [np.argmax(drawn @ centres(part, _cut(tree, number)).T, axis=1) for part, tree in halves]
    return adjusted_rand(said[0], said[1])


def adjusted_rand(left: Integers, right: Integers) -> float:
    """Hubert and Arabie (1985); 1.0 for equal partitions, about 0 for unrelated ones."""
    table = np.zeros((left.max() + 1, right.max() + 1))
    np.add.at(table, (left, right), 1)
    together = _pairs(table).sum()
    rows, columns = _pairs(table.sum(1)).sum(), _pairs(table.sum(0)).sum()
    expected = rows * columns / max(1.0, float(_pairs(np.array(float(len(left))))))
    best = (rows + columns) / 2
    return 1.0 if best == expected else float((together - expected) / (best - expected))


def _pairs(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return counts * (counts - 1) / 2


def centres(vectors: Floats, labels: Integers) -> Floats:
    """The mean direction of each cluster, in the order of the cluster numbers."""
    return unit(_sums(vectors, np.unique(labels, return_inverse=True)[1]))


def _sums(vectors: Floats, labels: Integers, number: int = 0) -> Floats:
    """The sum of the rows of each label from 0 on; a label without rows has zeros."""
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((number or int(labels.max()) + 1, vectors.shape[1]), dtype=np.float32)
    sums[present] = np.add.reduceat(vectors[order], starts, axis=0)
    return sums


def silhouette(vectors: Floats, labels: Integers) -> float:
    """Mean silhouette by average cosine distance, -1 to 1; a vector alone counts 0."""
    own = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(own)
    if len(sizes) < 2:
        return 0.0
    rows = np.arange(len(vectors))
    likeness = vectors @ _sums(vectors, own).T
    inside = 1 - (likeness[rows, own] - 1) / np.maximum(1, sizes[own] - 1)
    likeness = likeness / sizes
    likeness[rows, own] = -2
    outside = 1 - likeness.max(1)
    values = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-9)
    return float(np.where(sizes[own] > 1, values, 0.0).mean())


# --- small clusters and their joining -------------------------------------------------------------


def _tree(vectors: Floats, seed: int) -> Tree:
    number = max(2, min(_MOST_SEEDS, len(vectors) // _PER_SEED, len(vectors)))
    small = k_means(vectors, number, seed)
    small = np.unique(small, return_inverse=True)[1]
    sums, sizes = _sums(vectors, small), np.bincount(small)
    return Tree(small, _joins(sums.astype(np.float64), sizes.astype(np.float64)), len(sizes))


def k_means(vectors: Floats, number: int, seed: int) -> Integers:
    """Spherical k-means; the same rows in the same order give the same clusters."""
    middle = _first_centres(vectors, number, np.random.default_rng(seed))
    labels: Integers = np.argmax(vectors @ middle.T, axis=1)
    for _ in range(_STEPS):
        sums = _sums(vectors, labels, number)
        filled = np.bincount(labels, minlength=number) > 0
        middle[filled] = unit(sums[filled])
        moved = np.argmax(vectors @ middle.T, axis=1)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def _first_centres(vectors: Floats, number: int, random: np.random.Generator) -> Floats:
    chosen = [int(random.integers(len(vectors)))]
    distance = 1 - vectors @ vectors[chosen[0]]
    for _ in range(number - 1):
        weights = np.maximum(distance, 0).astype(np.float64) ** 2
        total = weights.sum()
        if total <= 0:
            break
        place = int(np.searchsorted(np.cumsum(weights), random.random() * total))
        chosen.append(min(place, len(vectors) - 1))
        distance = np.minimum(distance, 1 - vectors @ vectors[chosen[-1]])
    middle = np.zeros((number, vectors.shape[1]), dtype=np.float32)
    middle[: len(chosen)] = vectors[chosen]
    return middle


def _joins(
    sums: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]
) -> list[tuple[int, int, float]]:
    """Average linkage: the mean cosine between two clusters is the product of their means."""
    means = sums / sizes[:, None]
    likeness = means @ means.T
    np.fill_diagonal(likeness, -np.inf)
    alive = np.ones(len(means), dtype=bool)
    joins = []
    for _ in range(len(means) - 1):
        kept, absorbed = sorted(divmod(int(likeness.argmax()), len(means)))
        joins.append((kept, absorbed, float(likeness[kept, absorbed])))
        means[kept] = np.average(means[[kept, absorbed]], 0, sizes[[kept, absorbed]])
        sizes[kept] += sizes[absorbed]
        alive[absorbed] = False
        row = np.where(alive, means @ means[kept], -np.inf)
        row[kept] = -np.inf
        likeness[absorbed, :] = likeness[:, absorbed] = -np.inf
        likeness[kept, :] = likeness[:, kept] = row
    return joins


def _cut(tree: Tree, number: int) -> Integers:
    leader = np.arange(tree.seeds)
    for kept, absorbed, _ in tree.joins[: max(0, tree.seeds - number)]:
        leader[leader == absorbed] = kept
    return np.unique(leader[tree.small], return_inverse=True)[1]
