"""Templates as people read them, and the values that fill them."""

from __future__ import annotations

import msgspec
import pytest

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.patterns.engine.grouping.prompts.test_grouper import repaired, request
from tests.patterns.engine.streams import observation

SHIPPING = "Translate into <language>: The <translate> ships from <ships_from>."
VALUES = {"language": "Dutch", "translate": "sun hat", "ships_from": "Oslo"}


@pytest.fixture(scope="module")
def known() -> DefaultPatternRecognizer:
    return repaired()


def test_short_static_words_between_slots_are_shown(known: DefaultPatternRecognizer) -> None:
    assert [state.template_text for state in known] == [SHIPPING]


def test_values_follow_the_template_that_is_shown(known: DefaultPatternRecognizer) -> None:
    match = known.match_one(request("Dutch", "sun hat", "Oslo"))
    assert match is not None
    assert {name: match.why["slots"][name] for name in VALUES} == VALUES


def test_every_slot_is_counted_with_its_own_values(known: DefaultPatternRecognizer) -> None:
    state = next(iter(known))
    assert set(state.sketches["language"].counts) == {"French", "Polish", "Dutch", "Swedish"}
    assert state.sketches["language"].type == "category"


def test_a_text_with_other_words_in_a_gap_leaves_its_values_out(
    known: DefaultPatternRecognizer,
) -> None:
    text = "Translate into Dutch: A desk lamp goes to Graz."
    one = observation({"messages": [{"role": "user", "content": text}]}, 7)
    match = known.match_one(one)
    assert match is not None
    assert not VALUES.keys() & match.why["slots"].keys()


def test_a_restored_recogniser_reads_slots_alike(known: DefaultPatternRecognizer) -> None:
    copy = DefaultPatternRecognizer.restore(
        [PatternState.from_bytes(state.to_bytes()) for state in known], known.snapshot()
    )
    one = request("Dutch", "sun hat", "Oslo")
    assert copy.match_one(one) == known.match_one(one)


def test_a_pattern_kept_before_words_in_gaps_were_known_still_answers(
    known: DefaultPatternRecognizer,
) -> None:
    kept = msgspec.msgpack.decode(next(iter(known)).to_bytes())
    del kept["wording"]
    old = PatternState.from_bytes(msgspec.msgpack.encode(kept))
    copy = DefaultPatternRecognizer.restore([old], known.snapshot())
    assert copy.match_one(request("Dutch", "sun hat", "Oslo")) is not None


def test_static_words_do_not_change_what_an_answer_rests_on(
    known: DefaultPatternRecognizer,
) -> None:
    plain = DefaultPatternRecognizer.restore(list(known), known.snapshot())
    for state in [PatternState.from_bytes(state.to_bytes()) for state in known]:
        state.wording = []
        plain.add(state)
    one = request("Dutch", "sun hat", "Oslo")
    first, second = known.match_one(one), plain.match_one(one)
    assert first is not None
    assert second is not None
    assert (first.pattern_id, first.confidence) == (second.pattern_id, second.confidence)


def test_a_slot_that_parts_a_pattern_means_the_same_after_a_repair(
    known: DefaultPatternRecognizer,
) -> None:
    recognizer = DefaultPatternRecognizer.restore(
        [PatternState.from_bytes(state.to_bytes()) for state in known], known.snapshot()
    )
    state = next(iter(recognizer))
    state.wording = []  # as it was before words in gaps were known
    recognizer.split(state.id, slot="language")
    recognizer.consolidate()
    assert recognizer.get(state.id).template_text == "Translate into <translate>."
