"""How much the texts of one pattern look like one template: what its gaps say, without labels.

A slot holds something else each time. Where a few beginnings (or ends) of a gap return again and
again, and not in all the texts, several templates may have been taken for one: "Does it rain" in
half of the gaps and "Can we hope" in the other half are instructions rather than values. This is
the openness of EXALG (Arasu & Garcia-Molina, SIGMOD 2003) turned round, as a chance: that two
texts of the pattern, drawn at random, agree there.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

import msgspec

from patterns.engine.text.ngrams import hash_runs, tokenize_normal

DEEP = 2  # tokens of a gap that count as text of a template: one alone is often "What" or "the"
LONGEST_GAP = 32  # tokens compared
MOST_GAPS = 64  # of one text
MOST_KEYS = 24  # of one object: pairs of keys are compared

Gap: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]  # before, inside, after
Place: TypeAlias = tuple[tuple[str, ...], int]  # what stands beside a gap, and for which time


class Cohesion(msgspec.Struct, array_like=True, frozen=True):
    """What a repair saw in `seen` texts of a pattern; all shares lie in [0, 1].

    `divided` is the chance that two texts begin (or end) a gap with the same two tokens and go on
    differently, `chosen` that they fill it with the same two tokens or more, both where not all
    texts do, at the worst gap. `bound` is the share of texts in the minority where the same texts
    agree in several gaps, `paired` where a gap holds one of two things. `length` is the mean of the
    logarithm of the tokens, `spread` its standard deviation. Of objects, `divided` is the share
    with a key that never stands beside another frequent one, `chosen` the share of optional keys.
    """

    seen: int = 0
    divided: float = 0.0
    chosen: float = 0.0
    bound: float = 0.0
    paired: float = 0.0
    length: float = 0.0
    spread: float = 0.0

    def strangeness(self, tokens: int) -> float:
        """By how many standard deviations a text is longer or shorter than usual."""
        if not self.seen:
            return 0.0
        return abs(math.log1p(tokens) - self.length) / (self.spread + 0.2)


UNSEEN = Cohesion()


class Gaps:
    """Collects the gaps of one pattern's texts.

    >>> gaps = Gaps()
    >>> for text in ("say blue sky", "say blue sea", "say red rose", "say red roof"):
    ...     gaps.add(text, frozenset())
    >>> gaps.cohesion().divided
    0.3333
    """

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self.heads: dict[Place, dict[int, tuple[str, ...]]] = defaultdict(dict)
        self.tails: dict[Place, dict[int, tuple[str, ...]]] = defaultdict(dict)

    def add(self, text: str, anchors: Collection[int]) -> None:
        keys = [token.key for token in tokenize_normal(text)[1]]
        number = len(self.lengths)
        self.lengths.append(math.log1p(len(keys)))
        taken: Counter[tuple[str, ...]] = Counter()
        for before, inside, after in _find_gaps(text, keys, anchors):
            taken[before] += 1
            self.heads[before, taken[before]][number] = inside[:LONGEST_GAP]
            self.tails[after, taken[before]][number] = inside[: -LONGEST_GAP - 1 : -1]

    def cohesion(self) -> Cohesion:
        seen = len(self.lengths)
        if seen < 2:
            return UNSEEN
        borders = [list(one.values()) for side in (self.heads, self.tails) for one in side.values()]
        mean = sum(self.lengths) / seen
        spread = math.sqrt(sum((each - mean) ** 2 for each in self.lengths) / seen)
        return Cohesion(
            seen,
            round(max((_measure_divided(one, seen) for one in borders), default=0.0), 4),
            round(max((_measure_chosen(one, seen) for one in borders), default=0.0), 4),
            round(self._bound(seen), 4),
            round(max((_measure_paired(one, seen) for one in self.heads.values()), default=0.0), 4),
            round(mean, 4),
            round(spread, 4),
        )

    def _bound(self, seen: int) -> float:
        """The largest minority whose texts, and no others, agree in two gaps or more."""
        places: Counter[int] = Counter()
        for insides in self.heads.values():
            sets: dict[str, int] = defaultdict(int)
            for number, inside in insides.items():
                sets[inside[0]] |= 1 << number
            places.update(sets.values())
        sizes = [members.bit_count() for members, n in places.items() if n > 1]
        return max((_measure_minority(size, seen) for size in sizes if size > 1), default=0.0)


def _find_gaps(text: str, keys: Sequence[str], anchors: Collection[int]) -> Iterable[Gap]:
    """The stretches no anchor covers, each with the two tokens around it."""
    covered = [False] * (len(keys) + 4)
    for start, run in enumerate(hash_runs(text)):
        if run in anchors:
            covered[start] = covered[start + 1] = covered[start + 2] = True
    static = covered[2 : len(keys) + 2]
    start = found = 0
    while start < len(keys) and found < MOST_GAPS:
        end = start
        while end < len(keys) and not static[end]:
            end += 1
        if end > start:
            found += 1
            yield (
                tuple(keys[max(0, start - 2) : start]),
                tuple(keys[start:end]),
                tuple(keys[end : end + 2]),
            )
        start = end + 1


def _measure_divided(insides: Sequence[tuple[str, ...]], seen: int) -> float:
    """The chance that two of `seen` texts begin a gap alike but go on differently."""
    heads = Counter(one[:DEEP] for one in insides if len(one) >= DEEP)
    pairs = sum(n * (n - 1) for n in heads.values() if n < seen)
    return max(0.0, min(1.0, pairs / (seen * (seen - 1))) - _measure_chosen(insides, seen))


def _measure_chosen(insides: Sequence[tuple[str, ...]], seen: int) -> float:
    """The chance that two of `seen` texts have the same words in a gap; 0 where all do."""
    whole = Counter(one for one in insides if len(one) >= DEEP)
    pairs = sum(n * (n - 1) for n in whole.values() if n < seen)
    return min(1.0, pairs / (seen * (seen - 1)))


def _measure_paired(insides: Mapping[int, tuple[str, ...]], seen: int) -> float:
    """The minority of a gap that all texts have and that never holds but two things."""
    if len(insides) < seen:
        return 0.0
    values = Counter(insides.values())
    return min(values.values()) / seen if len(values) == 2 and min(values.values()) > 1 else 0.0


def _measure_minority(having: int, seen: int) -> float:
    return max(0, min(having, seen - having)) / seen


def measure_shape_cohesion(shapes: Sequence[Collection[str]]) -> Cohesion:
    """What the keys of a pattern's objects say."""
    seen = len(shapes)
    if seen < 2:
        return UNSEEN
    counts = Counter(key for shape in shapes for key in shape)
    optional = sorted((key for key, n in counts.items() if n < seen), key=lambda k: (-counts[k], k))
    together = Counter(
        pair for shape in shapes for pair in combinations(sorted(set(optional) & set(shape)), 2)
    )
    apart = [
        min(counts[a], counts[b]) * (1 - min(1.0, together[a, b] * seen / (counts[a] * counts[b])))
        for a, b in combinations(sorted(optional[:MOST_KEYS]), 2)
    ]
    usual = sum(counts.values()) / seen
    core = sum(n == seen for n in counts.values())
    return Cohesion(
        seen,
        divided=round(max(apart, default=0.0) / seen, 4),
        chosen=round(1 - core / max(1.0, usual), 4),
    )
