"""The words a topic is told by: frequent in its texts, rare in the others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from patterns.engine.domain.arrays import Integers
from patterns.engine.text.tokens import normalize_text

WORDS = 3  # of a topic
LEAST_TEXTS = 3  # of the topic that have the word
TELLING = 1.5  # times as often as in all texts
LOOKED_AT = 2_000  # characters of a text
_WORD = re.compile(r"[^\W\d_]{4,24}")


def name_topics(texts: Sequence[str], labels: Integers, number: int) -> list[list[str]]:
    """For each topic the words that tell it best, by how much oftener its texts have them."""
    found = [set(_WORD.findall(normalize_text(text)[:LOOKED_AT].lower())) for text in texts]
    overall = Counter(word for words in found for word in words)
    return [
        _pick_words(
            [words for words, one in zip(found, labels, strict=True) if one == topic],
            overall,
            len(texts),
        )
        for topic in range(number)
    ]


def _pick_words(own: Sequence[set[str]], overall: Counter[str], total: int) -> list[str]:
    counts = Counter(word for words in own for word in words)
    lifts = {word: n / len(own) / (overall[word] / total) for word, n in counts.items()}
    gains = {
        word: math.sqrt(counts[word]) * math.log(lift)
        for word, lift in lifts.items()
        if counts[word] >= LEAST_TEXTS and lift >= TELLING
    }
    return sorted(gains, key=lambda word: (-gains[word], word))[:WORDS]
