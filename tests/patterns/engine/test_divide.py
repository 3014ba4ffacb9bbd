"""A pattern divided by topic, for past and future interactions."""

from __future__ import annotations

import pytest

from patterns.engine.domain.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.topics.learn_topics import learn_topics
from tests.patterns.engine.streams import observation
from tests.patterns.engine.topics.questions import ASK, score_questions, write_questions

COUNT, SEEN = 1_200, 60
TEXTS = write_questions(COUNT)
LEARNED = learn_topics(TEXTS, score_questions(COUNT))


def ask(number: int) -> Observation:
    return observation(ASK.format(TEXTS[number]), number)


def divided() -> tuple[DefaultPatternRecognizer, str, tuple[str, ...]]:
    recognizer = DefaultPatternRecognizer()
    for number in range(SEEN):
        whole = recognizer.learn_one(ask(number)).pattern_id
    recognizer.consolidate()
    assert LEARNED is not None
    return recognizer, whole, recognizer.divide(whole, LEARNED).targets


def patterns_of(recognizer: DefaultPatternRecognizer, numbers: range) -> list[str]:
    return [recognizer.learn_one(ask(number)).pattern_id for number in numbers]


def test_texts_of_either_subject_go_to_patterns_of_their_own() -> None:
    recognizer, whole, targets = divided()
    found = patterns_of(recognizer, range(100, 300))
    biology, maths = set(found[::2]), set(found[1::2])

    assert biology | maths <= set(targets)
    assert not biology & maths
    assert whole in biology | maths


def test_parts_are_called_by_the_words_that_tell_them() -> None:
    recognizer, whole, targets = divided()

    assert recognizer.get(whole).label is None
    assert all(recognizer.get(name).label for name in targets if name != whole)


def test_the_uses_are_dealt_out_to_the_parts() -> None:
    recognizer, _, targets = divided()

    assert abs(sum(recognizer.get(name).use_count for name in targets) - SEEN) <= len(targets)


def test_repairs_and_a_restart_keep_them_apart() -> None:
    recognizer, _, _ = divided()
    before = patterns_of(recognizer, range(100, 140))
    recognizer.consolidate()
    copy = DefaultPatternRecognizer.restore(list(recognizer), recognizer.snapshot())

    assert patterns_of(recognizer, range(100, 140)) == before
    assert patterns_of(copy, range(100, 140)) == before


def test_parts_and_divided_patterns_are_not_divided_again() -> None:
    recognizer, whole, targets = divided()
    assert LEARNED is not None
    for name in (whole, targets[1]):
        with pytest.raises(ValueError, match="split already"):
            recognizer.divide(name, LEARNED)


def test_what_fills_the_slots_is_read_without_learning() -> None:
    recognizer, _, _ = divided()
    found = recognizer.read_free_text(ask(500))

    assert found is not None
    assert "Answer the question" not in found[1]
    assert TEXTS[500].split()[3] in found[1]
    assert recognizer.read_free_text(observation({"an": "object"}, 1)) is None
