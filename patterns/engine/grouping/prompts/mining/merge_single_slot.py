"""Templates alike but for one short run of words: the values of a slot with few of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patterns.engine.grouping.prompts.mining.common_ngrams import Frame, mark_static
from patterns.engine.grouping.prompts.mining.corpus import Corpus

ALTERNATIVES = 3
LONGEST = 3  # tokens of a value
COMMON = 6  # static tokens besides, with the two that stand for the start
MOST = 300  # tokens of an outline looked at
SLOT = -1
_FACTOR, _MODULUS = 1_000_003, (1 << 61) - 1

Value = tuple[int, ...]


def find_single_slots(corpus: Corpus, frames: Sequence[Frame]) -> list[list[int]]:
    """Numbers of frames that are one: three values at one place, or a slot and values of it.

    Two values are two templates: "one" or "three" is more likely an instruction.
    """
    found: dict[tuple[int, int], dict[int, Value]] = {}
    for number, frame in enumerate(frames):
        outline = _draw_outline(corpus, frame)[:MOST]
        before, after = _digest_prefixes(outline), _digest_prefixes(outline[::-1])[::-1]
        for start in range(len(outline)):
            for stop in range(start + 1, min(start + LONGEST, len(outline)) + 1):
                value = outline[start:stop]
                if (
                    _is_value(corpus, value)
                    and _count_static(outline) - _count_static(value) >= COMMON
                ):
                    found.setdefault((before[start], after[stop]), {})[number] = value
    return [sorted(values) for values in found.values() if _is_slot(list(values.values()))]


def _is_slot(values: list[Value]) -> bool:
    return len(set(values)) >= ALTERNATIVES or (len(values) > 1 and (SLOT,) in values)


def _is_value(corpus: Corpus, value: Value) -> bool:
    """A slot as it is, or nothing but words and marks, a word at either end."""
    if value == (SLOT,):
        return True
    return SLOT not in value and bool(corpus.wordy[[value[0], value[-1]]].all())


def _count_static(outline: Value) -> int:
    return sum(token >= 0 for token in outline)


def _digest_prefixes(outline: Sequence[int]) -> list[int]:
    """Number `i` tells the first `i` tokens of equal outlines."""
    digests = [0]
    for token in outline:
        digests.append((digests[-1] * _FACTOR + token + 2) % _MODULUS)
    return digests


def _draw_outline(corpus: Corpus, frame: Frame) -> Value:
    """The static tokens, with `SLOT` between them."""
    static = mark_static(corpus, frame.example, frame.runs)
    first = corpus.start[frame.example]
    tokens = np.where(static, corpus.token[first : first + len(static)], SLOT)
    repeated = np.concatenate([[False], (tokens[1:] == SLOT) & (tokens[:-1] == SLOT)])
    return tuple(tokens[~repeated].tolist())
