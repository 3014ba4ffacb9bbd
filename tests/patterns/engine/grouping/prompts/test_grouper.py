"""How a text finds its group between repairs."""

from __future__ import annotations

from itertools import product

from patterns.engine.domain.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.patterns.engine.streams import observation

LANGUAGES = ("French", "Polish", "Dutch", "Swedish")
GOODS = ("coffee grinder", "desk lamp", "rain jacket", "garden hose")
CITIES = ("Lyon", "Porto", "Graz", "Utrecht", "Leeds", "Turin", "Ghent", "Bonn")


def request(language: str, goods: str, city: str, number: int = 999) -> Observation:
    text = f"Translate into {language}: The {goods} ships from {city}."
    return observation({"messages": [{"role": "user", "content": text}]}, number)


def repaired() -> DefaultPatternRecognizer:
    """One that has seen a template of which two words are common to all texts."""
    recognizer = DefaultPatternRecognizer()
    for number, values in enumerate(product(LANGUAGES, GOODS, CITIES)):
        recognizer.learn_one(request(*values, number))
    recognizer.consolidate()
    return recognizer


def test_short_slots_with_a_few_values_make_one_pattern() -> None:
    assert len(repaired()) == 1


def test_a_known_value_is_recognised_on_arrival_where_little_else_is_common() -> None:
    recognizer = repaired()
    assert not recognizer.learn_one(request("Dutch", "desk lamp", "Oslo")).created


def test_a_restored_recogniser_knows_the_values_too() -> None:
    known = repaired()
    restored = DefaultPatternRecognizer.restore(list(known), known.snapshot())
    assert not restored.learn_one(request("Dutch", "desk lamp", "Oslo")).created


def test_the_values_of_a_slot_have_the_shares_they_have_in_all_texts() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(400):
        goods = "lamp" if number % 5 else ("coffee", "jacket", "hose", "desk")[number // 5 % 4]
        recognizer.learn_one(
            observation(f"Please tell me your return policy for {goods} goods", number)
        )
    recognizer.consolidate()
    (state,) = recognizer
    (sketch,) = state.sketches.values()

    assert set(sketch.counts) >= {"lamp", "coffee", "jacket", "hose", "desk"}
    assert 0.6 < sketch.counts["lamp"] / sketch.uses < 0.95
