"""Estimated bytes of values against what Python's own allocator says."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from featurememory.process.deep_size import estimate_bytes
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.patterns.engine.streams import mixed


class Point(msgspec.Struct):
    name: str
    values: list[float]


@dataclass
class Box:
    points: dict[str, Point]


def allocated(make: Callable[[], object]) -> tuple[object, int]:
    gc.collect()
    tracemalloc.start()
    try:
        made = make()
        gc.collect()
        return made, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def make_box() -> Box:
    names = [f"point number {n}" for n in range(20_000)]
    return Box({name: Point(f"{name}!", [n + 0.5, n + 0.25]) for n, name in enumerate(names)})


def make_recognizer() -> DefaultPatternRecognizer:
    recognizer = DefaultPatternRecognizer()
    for one in mixed(900):
        recognizer.learn_one(one)
    return recognizer


@pytest.mark.parametrize("make", [make_box, make_recognizer], ids=["structs", "recogniser"])
def test_the_estimate_is_near_what_was_allocated(make: Callable[[], object]) -> None:
    make()  # what is imported and cached on the way is no part of it
    made, truth = allocated(make)

    assert estimate_bytes(made) == pytest.approx(truth, rel=0.15)


def test_what_two_values_share_counts_once() -> None:
    text = "x" * 100_000

    assert estimate_bytes([text], {"same": text}) < 110_000


def test_arrays_count_their_numbers_and_circles_end() -> None:
    numbers = np.zeros(1000)
    circle: list[object] = [numbers]
    circle.append(circle)

    assert 8000 <= estimate_bytes(circle) < 9000


def test_classes_functions_and_modules_are_not_followed() -> None:
    assert estimate_bytes(np, len, Box, make_box) == 0
