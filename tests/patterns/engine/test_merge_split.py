"""People's merges and splits hold for the future."""

from __future__ import annotations

import pytest

from patterns.engine.domain.observation import Json
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.patterns.engine.streams import observation, prompts


def two_shapes() -> tuple[DefaultPatternRecognizer, str, str]:
    recognizer = DefaultPatternRecognizer()
    first = recognizer.learn_one(observation({"city": "Oslo"}, 0)).pattern_id
    second = recognizer.learn_one(observation({"amount": 5}, 1)).pattern_id
    return recognizer, first, second


def test_a_merge_sticks_through_learning_and_repair() -> None:
    recognizer, first, second = two_shapes()
    kept = recognizer.merge([first, second]).targets[0]
    assert recognizer.learn_one(observation({"city": "Rome"}, 2)).pattern_id == kept
    recognizer.consolidate()
    assert recognizer.learn_one(observation({"amount": 7}, 3)).pattern_id == kept
    assert len(recognizer) == 1


def test_a_split_by_slot_sticks() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(8):
        value = {"mode": "fast" if number % 2 else "slow", "n": number}
        whole = recognizer.learn_one(observation(value, number)).pattern_id
    recognizer.split(whole, slot="mode")
    fast = recognizer.match_one(observation({"mode": "fast", "n": 1}))
    slow = recognizer.match_one(observation({"mode": "slow", "n": 1}))
    assert fast is not None
    assert slow is not None
    assert len({whole, fast.pattern_id, slow.pattern_id}) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, False), (None, 1), (2.5e20, 7), ("a" * 60, "b" * 60), ([1, "x"], [])],
    ids=["booleans", "nulls", "large numbers", "long texts", "lists"],
)
def test_a_split_by_slot_tells_values_of_every_type_apart(one: Json, other: Json) -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(8):
        value = {"mode": one if number % 2 else other, "n": number}
        whole = recognizer.learn_one(observation(value, number)).pattern_id
    recognizer.split(whole, slot="mode")
    found = [recognizer.learn_one(observation({"mode": mode, "n": 1}, 9)) for mode in (one, other)]
    assert len({whole, *(match.pattern_id for match in found)}) == 3


def test_a_split_by_examples_sends_the_like_of_them_elsewhere() -> None:
    recognizer = DefaultPatternRecognizer()
    for one in prompts(12, templates=["Answer the question below in one short sentence: {}"] * 3):
        recognizer.learn_one(one)
    odd = observation("Answer the question below in one short sentence: how do I pay my bill", 50)
    whole = recognizer.learn_one(odd).pattern_id
    part = recognizer.split(whole, observation_ids=["o-50"]).targets[1]
    like = observation("Answer the question below in one short sentence: how do I pay my bill", 51)
    match = recognizer.match_one(like)
    assert match is not None
    assert match.pattern_id == part


def test_an_impossible_decision_is_a_clear_sentence() -> None:
    recognizer, first, _ = two_shapes()
    with pytest.raises(ValueError, match="no pattern nobody"):
        recognizer.merge([first, "nobody"])
    with pytest.raises(ValueError, match="two different patterns"):
        recognizer.merge([first, first])
    with pytest.raises(ValueError, match="no slot colour"):
        recognizer.split(first, slot="colour")
    with pytest.raises(ValueError, match="only one value"):
        recognizer.split(first, slot="city")


def test_a_slot_goes_by_its_short_name_where_only_one_is_meant() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(8):
        value = {"order_id": number % 2, "visit_date": "a", "visit_time": "b"}
        whole = recognizer.learn_one(observation(value, number)).pattern_id

    with pytest.raises(
        ValueError, match=r"no slot visit\. It has: order_id, visit_date, visit_time"
    ):
        recognizer.split(whole, slot="visit")
    assert len(recognizer.split(whole, slot="order").targets) == 3
