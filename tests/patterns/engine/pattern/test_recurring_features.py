"""The features of a pattern: what its uses have in common, and how many of them."""

from __future__ import annotations

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.recurring_features import summarise_features
from patterns.engine.pattern.slot_sketch import SlotSketch


def test_a_slot_read_from_a_sample_is_in_all_texts_of_the_sample() -> None:
    state = PatternState(id="p", partition="", kind="text", use_count=900)
    state.sketches = {
        "order": SlotSketch("order", {"1": 40}, {"number": 40}, 40, [1]),
        "rarely": SlotSketch("rarely", {"x": 10}, {"text": 10}, 10, [2]),
    }
    shares = {one.name: one.confidence for one in summarise_features(state)}

    assert shares["order"] == 1.0
    assert shares["rarely"] == 0.25


def test_a_parameter_with_many_values_is_told_by_the_uses_that_surely_had_it() -> None:
    seeds = SlotSketch("seed")
    for number in range(400):
        seeds.add(-1 if number % 4 == 0 else number)
    state = PatternState(id="p", partition="", kind="text", use_count=400)
    state.parameters = {"seed": seeds}
    (told,) = [one for one in summarise_features(state) if one.type == "parameter"]

    assert (told.value, told.confidence) == ("-1", 0.25)
