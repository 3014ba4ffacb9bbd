"""Which grouper serves which stream, and what a further method needs."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
import pytest

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping import registry
from patterns.engine.grouping.grouper import Candidate, Grouper
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import GroupingMethod, SharedMemory, suit_grouper
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.patterns.engine.streams import WORDS, observation

SHARED = SharedMemory(Passages())


def test_long_unlike_texts_are_not_grouped_by_nearness() -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(8, 60))) for _ in range(200)]
    assert suit_grouper(PromptGrouper(), texts, "|text", SHARED).method == "prompt"


def test_chats_stay_prompts_whatever_they_say() -> None:
    texts = [f"send {n} units to bay {n % 7}" for n in range(100)]
    assert suit_grouper(PromptGrouper(), texts, "|chat||system", SHARED).method == "prompt"


class FirstWordGrouper(Grouper):
    """Texts that begin with the same word are one group."""

    method: ClassVar[str] = "first_word"

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def learn(self, text: str, identifier: str) -> Candidate:
        created = first_word(text) not in self.keys
        return Candidate(self.keys.setdefault(first_word(text), identifier), 1.0, created=created)

    def match(self, text: str) -> Candidate | None:
        key = self.keys.get(first_word(text))
        return None if key is None else Candidate(key, 1.0)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        words = sorted(set(map(first_word, texts)))
        return [words.index(first_word(text)) for text in texts]

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        self.keys = {first_word(t): keys[n] for t, n in zip(texts, groups, strict=True)}

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        word = {own: word for word, own in self.keys.items()}[key]
        return (TemplatePart(f"{word} "), TemplatePart(slot="rest"))

    def known(self) -> list[str]:
        return list(self.keys.values())

    def remove(self, key: str) -> None:
        self.keys = {word: own for word, own in self.keys.items() if own != key}

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self.keys)

    def restore(self, data: bytes) -> None:
        self.keys = msgspec.msgpack.decode(data, type=dict[str, str])


def first_word(text: str) -> str:
    return text.partition(" ")[0]


def spoken(name: str, texts: Sequence[str]) -> bool:
    return name == "spoken|text"


def test_a_further_method_is_one_more_line(monkeypatch: pytest.MonkeyPatch) -> None:
    method = GroupingMethod(lambda _: FirstWordGrouper(), claims=spoken)
    monkeypatch.setitem(registry.METHODS, "first_word", method)
    rng = random.Random(1)
    texts = [f"{rng.choice(('play', 'stop', 'call'))} {rng.choice(WORDS)}" for _ in range(60)]
    stream = [observation(text, n, "spoken") for n, text in enumerate(texts)]
    recognizer = DefaultPatternRecognizer()

    for one in stream[:40]:
        recognizer.learn_one(one)
    recognizer.consolidate()
    for one in stream[40:]:
        recognizer.learn_one(one)
    recognizer.consolidate()
    states = list(recognizer)
    again = DefaultPatternRecognizer.restore(states, recognizer.snapshot())

    assert {state.template_text for state in states} == {
        "play <rest>",
        "stop <rest>",
        "call <rest>",
    }
    assert sum(state.use_count for state in states) == 60
    for one in stream:
        match, restored = recognizer.match_one(one), again.match_one(one)
        assert match is not None
        assert match == restored
        assert recognizer.get(match.pattern_id).template_text.startswith(first_word(str(one.input)))
