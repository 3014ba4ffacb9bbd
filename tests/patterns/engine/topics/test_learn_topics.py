"""Topics of free text, found where the answers of alternatives differ."""

from __future__ import annotations

from collections import Counter

import numpy as np

from patterns.engine.topics.learn_topics import (
    FEWEST_TEXTS,
    MOST_TOPICS,
    LearnedTopics,
    learn_topics,
    measure_prediction,
)
from tests.patterns.engine.topics.questions import SUBJECTS, score_questions, write_questions

COUNT = 1_200


def learned() -> LearnedTopics:
    found = learn_topics(write_questions(COUNT), score_questions(COUNT))
    assert found is not None
    return found


def test_texts_on_which_an_alternative_fails_are_kept_apart() -> None:
    found = learned()
    fresh = [(number % 2, text) for number, text in enumerate(write_questions(2_000))][COUNT:]
    subjects: dict[int, Counter[int]] = {}
    for subject, text in fresh:
        subjects.setdefault(found.topics.find(text), Counter())[subject] += 1

    assert 2 <= len(found.topics) <= MOST_TOPICS
    assert sum(max(one.values()) for one in subjects.values()) >= 0.95 * len(fresh)


def test_topics_are_told_by_their_own_words_and_the_first_is_the_largest() -> None:
    found = learned()
    words = {word for one in found.words for word in one}

    assert words <= {*SUBJECTS[0], *SUBJECTS[1]}
    assert len(words) >= len(found.topics)
    assert found.shares[0] >= max(found.shares) - 0.02
    assert abs(sum(found.shares) - 1) < 1e-9


def test_one_alternative_has_topics_between_good_and_bad() -> None:
    found = learn_topics(write_questions(COUNT), score_questions(COUNT)[:, :1])

    assert found is not None
    assert len(found.topics) > 2


def test_where_the_answers_have_nothing_to_do_with_the_texts_there_are_none() -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        values = rng.integers(-1, 2, (COUNT, 3)).astype(float)
        assert learn_topics(write_questions(COUNT), values) is None


def test_equal_answers_tell_nothing() -> None:
    assert learn_topics(write_questions(COUNT), np.zeros((COUNT, 2))) is None
    assert measure_prediction(np.zeros((10, 3), dtype=np.float32), np.zeros((10, 1)), 0) == 0


def test_few_texts_tell_nothing() -> None:
    count = FEWEST_TEXTS - 1
    assert learn_topics(write_questions(count), score_questions(count)) is None


def test_answers_that_are_missing_count_as_average() -> None:
    values = score_questions(COUNT)
    values[::3, 0] = np.nan
    values = np.hstack([values, np.full((COUNT, 1), np.nan)])
    found = learn_topics(write_questions(COUNT), values)

    assert found is not None
    biology, maths = (" ".join(words) for words in SUBJECTS)
    assert found.topics.find(biology) != found.topics.find(maths)


def test_the_same_evidence_gives_the_same_topics() -> None:
    assert learned() == learned()


def test_any_text_has_a_topic() -> None:
    found = learned().topics
    for text in ("", "\ud800", "!!! ???", "日本語のテキスト", "x" * 100_000):
        assert 0 <= found.find(text) < len(found)
    assert found.find("") == 0
