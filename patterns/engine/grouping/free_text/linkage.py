"""Average linkage over k-means seeds (Sokal and Michener 1958; Arthur and Vassilvitskii 2007)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from patterns.engine.domain.arrays import Floats, Integers
from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit

_MOST_SEEDS = 400
_PER_SEED = 4  # vectors for one small cluster
_STEPS = 15


class Tree(NamedTuple):
    """Small clusters and the order in which they join: (kept, absorbed, mean cosine)."""

    small: Integers
    joins: list[tuple[int, int, float]]
    seeds: int


def find_centres(vectors: Floats, labels: Integers) -> Floats:
    """The mean direction of each cluster, in the order of the cluster numbers."""
    return scale_to_unit(sum_clusters(vectors, np.unique(labels, return_inverse=True)[1]))


def sum_clusters(vectors: Floats, labels: Integers, number: int = 0) -> Floats:
    """The sum of the rows of each label from 0 on; a label without rows has zeros."""
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((number or int(labels.max()) + 1, vectors.shape[1]), dtype=np.float32)
    sums[present] = np.add.reduceat(vectors[order], starts, axis=0)
    return sums


# --- small clusters and their joining -------------------------------------------------------------


def build_tree(vectors: Floats, seed: int) -> Tree:
    """Clusters the vectors finely by k-means, then records in which order the clusters join."""
    number = max(2, min(_MOST_SEEDS, len(vectors) // _PER_SEED, len(vectors)))
    small = run_k_means(vectors, number, seed)
    small = np.unique(small, return_inverse=True)[1]
    sums, sizes = sum_clusters(vectors, small), np.bincount(small)
    return Tree(small, join_all(sums.astype(np.float64), sizes.astype(np.float64)), len(sizes))


def run_k_means(vectors: Floats, number: int, seed: int) -> Integers:
    """Spherical k-means; the same rows in the same order give the same clusters."""
    middle = _choose_seeds(vectors, number, np.random.default_rng(seed))
    labels: Integers = np.argmax(vectors @ middle.T, axis=1)
    for _ in range(_STEPS):
        sums = sum_clusters(vectors, labels, number)
        filled = np.bincount(labels, minlength=number) > 0
        middle[filled] = scale_to_unit(sums[filled])
        moved = np.argmax(vectors @ middle.T, axis=1)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def _choose_seeds(vectors: Floats, number: int, random: np.random.Generator) -> Floats:
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


def join_all(
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


def cut_tree(tree: Tree, number: int) -> Integers:
    """The cluster of each vector, 0 and up, when `number` clusters are left."""
    leader = np.arange(tree.seeds)
    for kept, absorbed, _ in tree.joins[: max(0, tree.seeds - number)]:
        leader[leader == absorbed] = kept
    return np.unique(leader[tree.small], return_inverse=True)[1]
