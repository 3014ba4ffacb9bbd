"""The recogniser's memory stays bounded, however many partitions come and go."""

from __future__ import annotations

from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.recognizer_state.reservoir import Reservoir
from patterns.engine.settings import RecognizerSettings
from tests.patterns.engine.streams import observation


def make_small_recognizer() -> DefaultPatternRecognizer:
    recognizer = DefaultPatternRecognizer(RecognizerSettings(max_patterns=10))
    recognizer.memory.reservoir = Reservoir(most=20)
    return recognizer


def test_partitions_without_patterns_and_samples_are_forgotten() -> None:
    recognizer = make_small_recognizer()
    for number in range(200):
        recognizer.learn_one(observation("Server started", number, task_type=f"task-{number}"))
    assert len(recognizer.memory.groupers) <= 10 + 20


def test_a_snapshot_leaves_out_what_removing_patterns_emptied() -> None:
    recognizer = make_small_recognizer()
    known = recognizer.learn_one(observation("Server started", 0, task_type="gone")).pattern_id
    recognizer.remove([known])
    recognizer.memory.reservoir.discard("o-0")
    copy = DefaultPatternRecognizer.restore([], recognizer.snapshot())
    assert copy.memory.groupers == {}


def test_a_partition_merged_into_a_pattern_of_another_one_stays() -> None:
    recognizer = make_small_recognizer()
    first = recognizer.learn_one(observation("Server started", 0, task_type="a")).pattern_id
    second = recognizer.learn_one(observation("Server stopped", 1, task_type="b")).pattern_id
    kept = recognizer.merge([first, second]).targets[0]
    for number in (0, 1):
        recognizer.memory.reservoir.discard(f"o-{number}")
    recognizer.snapshot()
    again = [recognizer.match_one(observation("Server started", 2, task_type=t)) for t in "ab"]
    assert again[0] is not None
    assert again[0].pattern_id == kept
    assert set(recognizer.memory.groupers) == {"a|text", "b|text"}
