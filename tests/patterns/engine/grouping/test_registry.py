"""Which grouper serves which stream."""

from __future__ import annotations

import random

from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import method_of, suited
from tests.patterns.engine.streams import WORDS


def test_long_unlike_texts_are_not_grouped_by_nearness() -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(8, 60))) for _ in range(200)]
    grouper = suited(PromptGrouper(), texts, "|text", Passages())
    assert method_of(grouper) == "prompt"


def test_chats_stay_prompts_whatever_they_say() -> None:
    texts = [f"send {n} units to bay {n % 7}" for n in range(100)]
    assert method_of(suited(PromptGrouper(), texts, "|chat||system", Passages())) == "prompt"
