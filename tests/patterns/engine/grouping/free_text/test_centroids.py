"""Groups of free text as the directions of their centres."""

from __future__ import annotations

import numpy as np
import pytest

from patterns.engine.grouping.free_text.centroids import Centroids

AXES = np.eye(3, dtype=np.float32)


def three() -> Centroids:
    groups = Centroids(3)
    for name, axis in zip("abc", AXES, strict=True):
        groups.add(name, axis, 1, f"text {name}")
    return groups


def test_the_two_nearest_groups_come_nearest_first() -> None:
    found = three().rank(np.array([0.8, 0.6, 0.0], dtype=np.float32))
    assert [key for key, _ in found] == ["a", "b"]
    assert [cosine for _, cosine in found] == pytest.approx([0.8, 0.6])


def test_the_last_group_moves_to_the_row_of_a_removed_one() -> None:
    groups = three()
    groups.remove("a")
    assert groups.keys == ["c", "b"]
    assert groups.example("c") == "text c"
    assert groups.cosine("c", AXES[2]) == 1.0


def test_a_group_grows_towards_its_new_member() -> None:
    groups = three()
    groups.grow("a", AXES[1])
    assert groups.cosine("a", AXES[1]) == pytest.approx(0.5**0.5)
    assert groups.smallest(besides="b") == "c"


def test_there_is_room_for_any_number_of_groups() -> None:
    groups = Centroids(3)
    for number in range(50):
        groups.add(f"g{number}", AXES[number % 3], 1, "")
    assert len(groups) == 50
    assert groups.cosine("g49", AXES[1]) == 1.0
