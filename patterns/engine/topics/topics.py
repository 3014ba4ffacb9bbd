"""What the free text of a pattern is about, as one of a few topics.

A topic is a linear function of the letter groups of a text, rare ones counting more; the text
belongs to the topic with the highest value.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from patterns.engine.domain.arrays import Floats, Integers
from patterns.engine.grouping.free_text.char_ngrams import BUCKETS, count_ngrams


class Topics(msgspec.Struct, array_like=True, frozen=True):
    """`rarity` holds the weight of each bucket of letters (float32, 0: it does not count), `weights` a
    column for each topic (float16), `offsets` what a topic has without any text. Topic 0 is the
    most frequent one."""

    rarity: bytes
    weights: bytes
    offsets: list[float]

    def __len__(self) -> int:
        return len(self.offsets)

    def find(self, text: str) -> int:
        """The number of the topic of a text; 0 for a text without any letters that count."""
        rarity, weights = _read_tables(self.rarity, self.weights)
        found, counts = count_ngrams(text)
        row = counts * rarity[found]
        length = float(np.linalg.norm(row))
        if length == 0:
            return 0
        values = row @ weights[found] / length + np.asarray(self.offsets, dtype=np.float32)
        return int(values.argmax())


def place_texts(texts: Sequence[str], rarity: Floats) -> Floats:
    """One unit row of weighed letter groups for each text, a column for each bucket that counts; zeros
    where none does."""
    used = np.flatnonzero(rarity)
    rows = np.zeros((len(texts), len(used)), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        found, counts = count_ngrams(text)
        counted = rarity[found] > 0
        row[np.searchsorted(used, found[counted])] = counts[counted] * rarity[found[counted]]
        row /= max(1e-9, float(np.linalg.norm(row)))
    return rows


def weigh_buckets(texts: Sequence[str]) -> Floats:
    """How rare each bucket is in these texts (log of the inverse share); 0 for those of one text, or of
    all."""
    seen: Integers = np.zeros(BUCKETS, dtype=np.int64)
    for text in texts:
        seen[count_ngrams(text)[0]] += 1
    counts = (seen > 1) & (seen < len(texts))
    rarity = np.log(len(texts) / np.maximum(1, seen))
    return np.where(counts, rarity, 0.0).astype(np.float32)


@lru_cache(maxsize=64)
def _read_tables(rarity: bytes, weights: bytes) -> tuple[Floats, Floats]:
    table: npt.NDArray[np.float16] = np.frombuffer(weights, dtype=np.float16)
    return np.frombuffer(rarity, dtype=np.float32), table.astype(np.float32).reshape(BUCKETS, -1)
