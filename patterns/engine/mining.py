"""Templates out of many prompts at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from patterns.engine.corpus import Corpus, Ints
from patterns.engine.selection import Selection
from patterns.engine.skeletons import Skeletons
from patterns.engine.variants import variants

MOST_ANCHORS = 128
TOKEN_BITS = 8.0
FEWEST = 4  # texts below which there is nothing to compare


class Mined(msgspec.Struct, frozen=True):
    """One template: its texts by number, the digests of its static runs, rarest first, and its bits.

    `bits` is what the static text saves in one of its texts.
    """

    texts: tuple[int, ...]
    anchors: tuple[int, ...]
    bits: float


def mine(
    texts: Sequence[Sequence[str]],
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Mined] | None:
    """The templates of tokenised texts; None when stopped. A text in none of them stands alone."""
    if len(texts) < FEWEST:
        return []
    corpus = Corpus(texts)
    skeletons = Skeletons(corpus, corpus.member_sets())
    if not len(skeletons):
        return []
    selection = Selection(skeletons)
    if not selection.run(should_stop, progress):
        return None
    selection.give_back()
    return _found(selection)


def _found(selection: Selection) -> list[Mined]:
    chosen = sorted(
        one for one, n in Counter(selection.owner.tolist()).items() if one >= 0 and n > 1
    )
    return [_template(selection, group) for group in variants(selection, chosen)]


def _template(selection: Selection, candidates: Sequence[int]) -> Mined:
    """One template of candidates that are variants of each other."""
    table, corpus = selection.skeletons, selection.skeletons.corpus
    texts = np.nonzero(np.isin(selection.owner, candidates))[0]
    runs = table.runs[candidates[0]]
    for other in candidates[1:]:
        runs = np.intersect1d(runs, table.runs[other], assume_unique=True)
    digests = corpus.digest[runs]
    ranked = digests[np.lexsort((digests, corpus.spread[runs]))][:MOST_ANCHORS]
    return Mined(
        tuple(texts.tolist()), tuple(ranked.tolist()), _bits(selection, int(texts[0]), runs)
    )


def _bits(selection: Selection, text: int, runs: Ints) -> float:
    """About what the runs explain in a text that has them all."""
    hit = np.isin(selection.skeletons.corpus.runs_of(text), runs)
    covered = np.zeros(len(hit) + 2, dtype=bool)
    for shift in range(3):
        covered[shift : shift + len(hit)] |= hit
    return TOKEN_BITS * float(np.count_nonzero(covered[2:-2]))
