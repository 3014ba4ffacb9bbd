from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit
from patterns.engine.grouping.free_text.cluster_count import (
    measure_adjusted_rand,
    measure_silhouette,
)
from patterns.engine.grouping.free_text.clustering import assign_nearest, cluster_vectors
from patterns.engine.grouping.free_text.linkage import find_centres, run_k_means


def blobs(number: int, each: int, seed: int = 0, spread: Any = 0.25) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    middles = scale_to_unit(random.standard_normal((number, 40)).astype(np.float32))
    labels = np.repeat(np.arange(number), each)
    noise = random.standard_normal((number * each, 40)).astype(np.float32) * spread / 6
    return scale_to_unit(middles[labels] + noise), labels


@pytest.mark.parametrize("number", [3, 12, 40])
def test_the_number_of_clusters_is_found(number: int) -> None:
    vectors, labels = blobs(number, 30)
    found = cluster_vectors(vectors)
    assert measure_adjusted_rand(found, labels) > 0.9


def test_two_vectors_stand_alone() -> None:
    assert cluster_vectors(blobs(2, 1)[0]).tolist() == [0, 1]


def test_equal_vectors_do_not_break_it() -> None:
    same = np.tile(scale_to_unit(np.ones((1, 5), dtype=np.float32)), (40, 1))
    assert len(cluster_vectors(same)) == 40


def test_a_newcomer_goes_where_its_neighbours_are() -> None:
    vectors, labels = blobs(4, 20)
    assert assign_nearest(vectors[::7], vectors, labels).tolist() == labels[::7].tolist()


def test_the_rand_index_by_hand() -> None:
    assert measure_adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])) == pytest.approx(1)
    assert measure_adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx(
        -0.5
    )


def test_true_clusters_are_better_separated_than_others() -> None:
    vectors, labels = blobs(5, 20)
    assert measure_silhouette(vectors, labels) > 0.6 > measure_silhouette(vectors, labels // 2)


def test_k_means_repeats_itself() -> None:
    vectors, _ = blobs(6, 20)
    assert run_k_means(vectors, 6, 3).tolist() == run_k_means(vectors, 6, 3).tolist()


def test_centres_are_mean_directions_in_the_order_of_the_numbers() -> None:
    vectors = np.eye(2, dtype=np.float32)[[0, 0, 1]]
    assert find_centres(vectors, np.array([4, 4, 9])).tolist() == [[1.0, 0.0], [0.0, 1.0]]
