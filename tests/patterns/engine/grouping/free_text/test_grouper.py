from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit
from patterns.engine.grouping.free_text.grouper import SimilarityGrouper

TOPICS = {
    "card": ("card", "visa", "plastic", "debit"),
    "rain": ("weather", "rain", "forecast", "umbrella"),
    "song": ("music", "song", "playlist", "album"),
}
FRAMES = ("tell me about the {0} and {1}", "what of {0} {1}", "{1} then {0} please", "is {0} a {1}")
SAID = [
    (frame.format(a, b), topic)
    for topic, words in TOPICS.items()
    for frame in FRAMES
    for a in words
    for b in words
    if a != b
]
TEXTS = [text for text, _ in SAID]


def rebuilt(texts: Sequence[str]) -> tuple[SimilarityGrouper, list[int]]:
    grouper = SimilarityGrouper()
    groups = grouper.regroup(texts)
    grouper.rebuild(texts, groups, {number: f"g{number}" for number in groups})
    return grouper, groups


class Constant:
    version = "constant"

    def embed(self, texts: Sequence[str]) -> Any:
        return scale_to_unit(np.ones((len(texts), 4), dtype=np.float32))


def test_texts_about_one_thing_are_found_together() -> None:
    _, groups = rebuilt(TEXTS)
    topics = {
        group: {t for (_, t), g in zip(SAID, groups, strict=True) if g == group}
        for group in set(groups)
    }
    assert all(len(found) == 1 for found in topics.values())
    assert len(topics) <= 12


def test_nearly_the_same_words_join_before_any_sample_was_seen() -> None:
    grouper = SimilarityGrouper()
    assert grouper.learn("where is my order", "a").created
    found = grouper.learn("Where is my order now?", "b")
    assert (found.key, found.created) == ("a", False)


def test_matching_changes_nothing() -> None:
    grouper, _ = rebuilt(TEXTS)
    before = grouper.to_bytes()
    grouper.match("tell me of rain")
    assert grouper.to_bytes() == before


def test_an_unseen_text_goes_to_the_nearest_group() -> None:
    grouper, groups = rebuilt(TEXTS)
    found = grouper.match("please the album, the playlist")
    assert found is not None
    song = {f"g{group}" for group, (_, topic) in zip(groups, SAID, strict=True) if topic == "song"}
    assert found.key in song
    assert found.runner_up not in (None, found.key)


def test_a_group_shows_a_text_from_its_middle() -> None:
    grouper, groups = rebuilt(TEXTS)
    assert grouper.example(f"g{groups[0]}") in TEXTS
    assert grouper.template(f"g{groups[0]}")[0].slot == "text"


def test_the_order_of_the_texts_makes_no_difference() -> None:
    order = random.Random(3).sample(range(len(TEXTS)), len(TEXTS))
    _, groups = rebuilt(TEXTS)
    _, shuffled = rebuilt([TEXTS[i] for i in order])
    assert shuffled == [groups[i] for i in order]


def test_the_limit_holds_and_the_smallest_group_goes() -> None:
    grouper = SimilarityGrouper(limit=2)
    for text in ("alpha beta", "alpha beta", "gamma delta", "epsilon zeta"):
        grouper.learn(text, text)
        assert len(grouper) <= 2
    assert grouper.match("alpha beta") is not None
    assert grouper.match("gamma delta") is None


def test_a_removed_group_is_gone_and_others_stay() -> None:
    grouper = SimilarityGrouper()
    for text in ("alpha beta", "gamma delta", "epsilon zeta"):
        grouper.learn(text, text)
    grouper.remove("alpha beta")
    assert grouper.match("alpha beta") is None
    assert [grouper.match(t).key for t in ("gamma delta", "epsilon zeta")] == [
        "gamma delta",
        "epsilon zeta",
    ]


def test_groups_of_one_embedder_are_refused_to_another() -> None:
    grouper = SimilarityGrouper(Constant())
    grouper.rebuild(TEXTS, [0] * len(TEXTS), {0: "all"})
    copy = SimilarityGrouper(Constant())
    copy.restore(grouper.to_bytes())
    assert copy.to_bytes() == grouper.to_bytes()
    with pytest.raises(ValueError, match="constant"):
        SimilarityGrouper().restore(grouper.to_bytes())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=40), max_size=30))
def test_any_texts_match_the_group_they_were_put_into(texts: Sequence[str]) -> None:
    grouper, groups = rebuilt(texts)
    assert [grouper.match(text).key for text in texts] == [f"g{number}" for number in groups]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=40), max_size=10))
def test_a_copy_from_bytes_goes_on_alike(texts: Sequence[str]) -> None:
    grouper = SimilarityGrouper(limit=4)
    for number, text in enumerate(texts):
        grouper.learn(text, f"k{number}")
    copy = SimilarityGrouper()
    copy.restore(grouper.to_bytes())
    assert copy.to_bytes() == grouper.to_bytes()
    assert [copy.match(text) for text in texts] == [grouper.match(text) for text in texts]
