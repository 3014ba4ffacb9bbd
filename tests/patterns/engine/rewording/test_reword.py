"""People say which words of a template are slots and which are not: for the past and the future."""

from __future__ import annotations

import random

import pytest

from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.rewording.reword import put_words_back
from patterns.engine.rewording.wish import Rewording
from tests.patterns.engine.streams import filling, observation

ASK = "Write a polite {} answer to the customer below and keep every name as it is: {}"
SLOT = Rewording("slot", "German")


def ask(language: str, number: int) -> str:
    return ASK.format(language, filling(random.Random(f"{language}{number}")))


def learned(*languages: str, each: int = 12) -> tuple[DefaultPatternRecognizer, dict[str, str]]:
    """A recogniser that keeps each language as a pattern of its own, and the ids."""
    recognizer, ids = DefaultPatternRecognizer(), dict[str, str]()
    for number in range(each * len(languages)):
        language = languages[number % len(languages)]
        ids[language] = recognizer.learn_one(
            observation(ask(language, number), number, "mail")
        ).pattern_id
    recognizer.consolidate()
    for language in languages:
        found = recognizer.match_one(observation(ask(language, 0), task_type="mail"))
        assert found is not None
        ids[language] = found.pattern_id
    return recognizer, ids


def where(recognizer: DefaultPatternRecognizer, language: str, number: int = 900) -> str:
    found = recognizer.match_one(observation(ask(language, number), number, "mail"))
    return "" if found is None else found.pattern_id


def restarted(recognizer: DefaultPatternRecognizer) -> DefaultPatternRecognizer:
    return DefaultPatternRecognizer.restore(list(recognizer), recognizer.snapshot())


def test_a_word_made_a_slot_takes_texts_with_other_words() -> None:
    recognizer, ids = learned("German")
    recognizer.reword(ids["German"], SLOT)
    assert where(recognizer, "Czech") == where(recognizer, "Brazilian Portuguese") == ids["German"]
    state = recognizer.get(ids["German"])
    assert "polite <language> answer" in state.template_text


def test_its_values_are_counted_from_then_on() -> None:
    recognizer, ids = learned("German")
    recognizer.reword(ids["German"], SLOT)
    for number in range(3):
        recognizer.learn_one(observation(ask("Czech", number), 500 + number, "mail"))
    counts = recognizer.get(ids["German"]).sketches["language"].counts
    assert counts["Czech"] == 3
    assert counts["German"] >= 10


def test_it_sticks_through_repair_and_restart() -> None:
    recognizer, ids = learned("German")
    recognizer.reword(ids["German"], SLOT)
    for number in range(20):
        recognizer.learn_one(observation(ask("Czech", number), 500 + number, "mail"))
    recognizer.consolidate()
    again = restarted(recognizer)
    again.consolidate()
    assert where(again, "Finnish") == ids["German"]
    assert len(again) == 1
    assert again.get(ids["German"]).sketches["language"].counts["Czech"] == 20
    assert "<language>" in again.get(ids["German"]).template_text


def test_it_tells_before_which_patterns_join() -> None:
    recognizer, ids = learned("German", "French")
    assert ids["German"] != ids["French"]
    outlook = recognizer.foresee(ids["German"], SLOT)
    assert outlook.joins == (ids["French"],)
    assert len(recognizer) == 2


def test_patterns_that_differ_in_that_word_only_become_one() -> None:
    recognizer, ids = learned("German", "French")
    recognizer.reword(ids["German"], SLOT)
    assert where(recognizer, "French") == where(recognizer, "German") == ids["German"]
    recognizer.consolidate()
    assert len(recognizer) == 1
    assert recognizer.get(ids["German"]).use_count == 24


def test_taken_back_the_texts_are_as_they_came() -> None:
    recognizer, ids = learned("German")
    recognizer.reword(ids["German"], SLOT)
    for number in range(12):
        recognizer.learn_one(observation(ask("Czech", number), 500 + number, "mail"))
    put_words_back(recognizer.memory, ids["German"], [])
    assert "German" in recognizer.get(ids["German"]).template_text
    assert not any(sample.original for sample in recognizer.memory.reservoir)
    assert any("Czech" in sample.text for sample in recognizer.memory.reservoir)


def test_one_value_kept_fixed_is_a_pattern_of_its_own() -> None:
    recognizer, ids = learned("German")
    recognizer.reword(ids["German"], SLOT)
    for number in range(12):
        recognizer.learn_one(observation(ask("Czech", number), 500 + number, "mail"))
    change = recognizer.reword(ids["German"], Rewording("fixed", "Czech", slot="language"))
    part = change.targets[1]
    again = restarted(recognizer)
    again.consolidate()
    assert where(again, "Czech") == part
    assert where(again, "German") == where(again, "Dutch") == ids["German"]
    assert "polite Czech answer" in again.get(part).template_text
    assert again.learn_one(observation(ask("Czech", 77), 777, "mail")).pattern_id == part


def test_a_word_kept_fixed_sends_other_words_elsewhere() -> None:
    recognizer, ids = learned("German")
    recognizer.reword(ids["German"], Rewording("fixed", "polite"))
    rude = ask("German", 1).replace("polite", "rude")
    first = recognizer.learn_one(observation(rude, 600, "mail"))
    assert first.pattern_id != ids["German"]
    recognizer.consolidate()
    assert where(recognizer, "German") == ids["German"]


def test_a_slot_is_called_what_people_call_it_whatever_a_repair_reads() -> None:
    recognizer, ids = learned("German")
    (slot,) = {part.slot for part in recognizer.get(ids["German"]).template if part.slot}
    recognizer.reword(ids["German"], Rewording("name", slot=slot, name="request"))
    again = restarted(recognizer)
    again.consolidate()
    assert "<request>" in again.get(ids["German"]).template_text
    assert again.get(ids["German"]).shown.names == {slot: "request"}


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Rewording("slot", "Klingon"), "no word Klingon"),
        (Rewording("name", slot="nothing", name="x"), "no slot nothing"),
        (Rewording("slot", "German", name="1st"), "begins with a letter"),
        (Rewording("fixed"), "no word"),
    ],
)
def test_what_cannot_be_done_says_why(wish: Rewording, reason: str) -> None:
    recognizer, ids = learned("German")
    with pytest.raises(ValueError, match=reason):
        recognizer.reword(ids["German"], wish)
