"""Clusters of unit vectors whose number is found, not given.

Neighbours are drawn together first, many small clusters follow (spherical k-means with the seeding
of Arthur and Vassilvitskii, 2007), average linkage joins them, and the cut is the number that is
best separated (silhouette, Rousseeuw 1987) and found again in halves of the data (Tibshirani and
Walther, 2005). Measured on eight sets of 5 to 77 intents; no number is known beforehand.
"""

from __future__ import annotations

import numpy as np

from patterns.engine.domain.arrays import Floats, Integers
from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit
from patterns.engine.grouping.free_text.cluster_count import (
    list_numbers,
    pick_number,
    rate_numbers,
)
from patterns.engine.grouping.free_text.linkage import Tree, build_tree, cut_tree, join_all

NEIGHBOURS, PULL, PULLS = 10, 0.5, 2
_FEW = 12  # vectors; fewer tell nothing about the number of clusters
_NEAR = 0.5  # cosine at which a few vectors are one cluster


def cluster_vectors(vectors: Floats, seed: int = 0) -> Integers:
    """The number of the cluster of each row."""
    if len(vectors) < _FEW:
        return _cluster_few(vectors)
    drawn = draw_together(vectors)
    whole = build_tree(drawn, seed)
    numbers = list_numbers(whole.seeds)
    values = rate_numbers(drawn, whole, numbers, seed)
    return cut_tree(whole, pick_number(numbers, values))


def _cluster_few(vectors: Floats) -> Integers:
    rows = np.arange(len(vectors))
    tree = Tree(rows, join_all(vectors.astype(np.float64), np.ones(len(vectors))), len(vectors))
    return cut_tree(tree, len(vectors) - sum(likeness >= _NEAR for *_, likeness in tree.joins))


def draw_together(vectors: Floats) -> Floats:
    """Each vector moved towards the mean of its nearest neighbours."""
    near = min(NEIGHBOURS, len(vectors) - 1)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1.0)
    nearest, weights = _find_nearest(likeness, near)
    weights /= weights.sum(1, keepdims=True) + 1e-9
    for _ in range(PULLS):
        mean = np.einsum("nk,nkd->nd", weights, vectors[nearest])
        vectors = scale_to_unit((1 - PULL) * vectors + PULL * mean)
    return vectors


def assign_nearest(vectors: Floats, others: Floats, labels: Integers) -> Integers:
    """The cluster most of a vector's nearest neighbours among the `others` are in."""
    nearest, weights = _find_nearest(vectors @ others.T, min(NEIGHBOURS, len(others)))
    votes = np.zeros((len(vectors), int(labels.max()) + 1), dtype=np.float32)
    rows = np.arange(len(vectors))[:, None]
    np.add.at(votes, (rows, labels[nearest]), weights**2)
    winners: Integers = votes.argmax(1)
    return winners


def _find_nearest(likeness: Floats, number: int) -> tuple[Integers, Floats]:
    """The columns of the highest values in each row, and those values where positive."""
    nearest = np.argpartition(-likeness, number - 1, axis=1)[:, :number]
    return nearest, np.take_along_axis(likeness, nearest, 1).clip(0)
