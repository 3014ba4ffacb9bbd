"""Templates out of many prompts at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from patterns.engine.corpus import Corpus
from patterns.engine.selection import Selection
from patterns.engine.skeletons import Skeletons

MOST_ANCHORS = 128
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
    table, corpus = selection.skeletons, selection.skeletons.corpus
    found = []
    for candidate in sorted(set(selection.owner[selection.owner >= 0].tolist())):
        texts = np.nonzero(selection.owner == candidate)[0]
        if len(texts) < 2:
            continue
        span = slice(table.first[candidate], table.first[candidate + 1])
        mine_of_it = selection.owner[table.text[span]] == candidate
        net = float(selection.net[span][mine_of_it].mean())
        bits = net + float(np.log2(corpus.count / table.sizes[candidate]))
        runs = table.runs[candidate]
        digests = corpus.digest[runs]
        ranked = digests[np.lexsort((digests, corpus.spread[runs]))][:MOST_ANCHORS]
        found.append(Mined(tuple(texts.tolist()), tuple(ranked.tolist()), bits))
    return found
