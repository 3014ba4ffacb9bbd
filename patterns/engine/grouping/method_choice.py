"""Which method serves a stream of texts best, judged without labels.

Measured on samples of 100 to 1,000 different texts of 15 log systems, two sets of intents and two
of prompts: of log lines 64 to 99 % share their skeleton with another one, of prompts at most 13 %,
of intents none; passages that recur cover 19 to 60 % of prompts and at most 1 % of intents.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal, TypeAlias

import msgspec

from patterns.engine.grouping.logs.grouper import DrainGrouper
from patterns.engine.grouping.logs.masking import mask_line
from patterns.engine.grouping.logs.word_slots import group_skeletons
from patterns.engine.grouping.prompts.mining.miner import mine_templates
from patterns.engine.text.tokens import token_keys

Method: TypeAlias = Literal["prompt", "drain", "similarity"]

SAMPLE = 600  # different texts looked at
ENOUGH = 20  # different texts; fewer get "prompt"
ENOUGH_FREE = 150  # before templates that recur rarely can be ruled out
SHARED = 0.5  # of the texts have their skeleton in common with another: machine text
RECURRING = 0.1  # of the tokens stand in passages that recur: at most this in free text
SHORT = 60  # tokens, median: neither log lines nor intents are longer
TRIED = 300  # different texts both methods are tried on
MOST_APART = 40  # groups of the tree among those texts that mining may still be compared with
ALONE = 0.15  # of them left alone by the tree: it may be the wrong method
FEW_TEMPLATES = 3  # that explain all texts, where the tree sees twice as many groups or more
LEFT = 0.05  # of the texts such templates may leave alone
LONGEST_UTTERANCE = 30  # words of all but the longest tenth of what people say in a breath
_PASSAGE = 4  # tokens
_RECURS, _RECURS_SHARE = 3, 0.01  # texts a passage stands in: at least so many, and this share


class Evidence(msgspec.Struct, frozen=True):
    """What speaks for a method. Shares lie in [0, 1], `length` is the median in tokens."""

    texts: int
    shared: float
    recurring: float
    length: float


def choose_method(texts: Sequence[str]) -> Method:
    """The method for a sample of texts (some hundreds are enough; fewer than 20 get "prompt")."""
    found = describe_texts(texts)
    if found.texts < ENOUGH or found.length > SHORT:
        return "prompt"
    if found.shared >= SHARED and _have_many_lines(texts):
        return "prompt"
    if found.shared >= SHARED:
        return "prompt" if _mining_explains_more(texts) else "drain"
    is_free = found.texts >= ENOUGH_FREE and found.recurring <= RECURRING
    return "similarity" if is_free and _are_utterances(texts) else "prompt"


def _are_utterances(texts: Sequence[str]) -> bool:
    """In texts longer than what people say in a breath, nearness finds likeness everywhere."""
    lengths = sorted(len(text.split()) for text in texts)
    return lengths[len(lengths) * 9 // 10] <= LONGEST_UTTERANCE


def describe_texts(texts: Sequence[str]) -> Evidence:
    """The same for any order of the texts; repetitions of a text count once."""
    sample = sorted(set(texts), key=_digest_text)[:SAMPLE]
    if not sample:
        return Evidence(0, 0.0, 0.0, 0.0)
    tokens = [token_keys(text) for text in sample]
    return Evidence(
        texts=len(sample),
        shared=_measure_shared(sample),
        recurring=_measure_recurring(tokens),
        length=statistics.median(map(len, tokens)),
    )


def _have_many_lines(texts: Sequence[str]) -> bool:
    """Whether most texts are of several lines: machines log one at a time."""
    return sum("\n" in text for text in texts) * 2 > len(texts)


def _mining_explains_more(texts: Sequence[str]) -> bool:
    """Whether mining explains texts that the tree for machine text leaves alone or apart.

    Short prompts with an id or a date in them look like log lines, but their slots hold phrases.
    Measured on 300 lines each of 24 log systems: where the tree leaves 15 % or more alone, mining
    leaves a third of those or more; of short prompts the tree leaves 19 %, and mining none. Mining
    finds four templates or more in log lines, and in a task or two with amounts and dates in all
    spellings as many as there are.
    """
    sample = sorted(set(texts), key=_digest_text)[:TRIED]
    groups = DrainGrouper().regroup(sample)
    alone, apart = _count_alone(groups), len(set(groups))
    is_scattered = alone >= ALONE * len(sample)
    if not is_scattered and not 1 < apart <= MOST_APART:
        return False
    found = mine_templates([token_keys(text) for text in sample]) or []
    left = len(sample) - sum(len(one.texts) for one in found)
    if is_scattered:
        return left < alone / 6
    return left <= LEFT * len(sample) and 2 * len(found) <= min(apart, 2 * FEW_TEMPLATES)


def _count_alone(groups: Sequence[int]) -> int:
    return sum(n == 1 for n in Counter(groups).values())


def _digest_text(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _measure_shared(texts: Sequence[str]) -> float:
    found = [mask_line(text) for text in texts]
    general = group_skeletons(found)
    sizes = Counter(general[one] for one in found)
    return sum(n for n in sizes.values() if n > 1) / len(found)


def _measure_recurring(tokens: Sequence[Sequence[str]]) -> float:
    """Mean share of a text's tokens inside passages that stand in several texts."""
    passages = [[tuple(row[i : i + _PASSAGE]) for i in range(len(row))] for row in tokens]
    texts_with = Counter(passage for row in passages for passage in set(row))
    least = max(_RECURS, round(_RECURS_SHARE * len(tokens)))
    return statistics.fmean(
        sum(_mark_covered(row, texts_with, least)) / max(1, len(row)) for row in passages
    )


def _mark_covered(
    row: Sequence[tuple[str, ...]], texts_with: Counter[tuple[str, ...]], least: int
) -> list[bool]:
    covered = [False] * len(row)
    for start, passage in enumerate(row):
        if len(passage) == _PASSAGE and texts_with[passage] >= least:
            covered[start : start + _PASSAGE] = [True] * _PASSAGE
    return covered
