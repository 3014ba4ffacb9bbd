"""What a token would cost if it were slot text: bits under a model of the slots of other patterns.

Interpolated trigram counts (Witten & Bell 1991). The slot text of a text's own pattern is left
out: text that repeats only inside one pattern is dear there, so it pays to make it static, while
a passage that fills the slots of several patterns is cheap and stays in them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from patterns.engine.grouping.prompts.mining.candidates import Skeletons
from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints

Bits = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
PAIR_DOUBT, RUN_DOUBT = 4.0, 2.0  # occurrences of a context at which it counts half


class Counts:
    """Occurrences in slots of tokens, pairs, runs and their contexts."""

    def __init__(self, corpus: Corpus, slot: Flags) -> None:
        self.corpus = corpus
        self.total = float(np.count_nonzero(slot))
        self.kinds = (corpus.token, corpus.pair, corpus.previous, corpus.run, corpus.context)
        self.counts = [
            np.bincount(kind[slot] + 1, minlength=int(kind.max(initial=0)) + 2).astype(np.float32)
            for kind in self.kinds
        ]

    def bits(self, places: Ints, group: Ints, own: Flags, gone: Bits) -> Bits:
        """Cost at `places`, leaving out what occurs `own` within the place's `group`.

        `gone` is the number of slot tokens left out with the group (0 when it hardly matters).
        """
        seen = [
            self._outside(kind[places] + 1, counts, group, own)
            for kind, counts in zip(self.kinds, self.counts, strict=True)
        ]
        token, pair, before, run, context = seen
        return self._mixed(token, pair, before, run, context, gone)

    @staticmethod
    def _outside(ids: Ints, counts: Bits, group: Ints, own: Flags) -> Bits:
        if not len(ids):
            return np.zeros(0, dtype=np.float32)
        key = group * len(counts) + ids
        order = np.argsort(key, kind="stable")
        ranked = key[order]
        fresh = np.concatenate([[True], ranked[1:] != ranked[:-1]])
        place = np.cumsum(fresh) - 1
        inside = np.bincount(place, weights=own[order])[place]
        result = np.empty(len(key), dtype=np.float32)
        result[order] = np.maximum(counts[ids[order]] - inside, 0)
        result[ids == 0] = 0  # before the start of a text there is nothing to learn from
        return result

    def _mixed(
        self, token: Bits, pair: Bits, before: Bits, run: Bits, context: Bits, gone: Bits
    ) -> Bits:
        words = len(self.corpus.words)
        chance = (token + 0.5) / (np.maximum(self.total - gone, 0) + 0.5 * words)
        trust = before / (before + PAIR_DOUBT)
        chance = trust * pair / np.maximum(before, 1) + (1 - trust) * chance
        trust = context / (context + RUN_DOUBT)
        chance = trust * run / np.maximum(context, 1) + (1 - trust) * chance
        bits: Bits = -np.log2(np.maximum(chance, 1e-9)).astype(np.float32)
        return bits


def measure_costs(skeletons: Skeletons, slot: Flags, owner: Ints) -> tuple[Bits, Bits]:
    """Bits per token of the corpus, and per covered place of each candidate.

    `owner` names the candidate each text belongs to now, -1 for none. Texts that belong to none
    are seen by a candidate as if they were its own already, otherwise nothing small could start.
    """
    corpus = skeletons.corpus
    counts = Counts(corpus, slot)
    group = np.where(owner >= 0, owner, len(skeletons) + np.arange(corpus.count))[corpus.owner]
    sizes = np.bincount(group[slot], minlength=int(group.max(initial=0)) + 1)
    everywhere = np.arange(len(corpus.token))
    base = counts.bits(everywhere, group, slot, sizes[group].astype(np.float32))
    spans = np.diff(skeletons.begin)
    candidate = np.repeat(skeletons.candidate, spans)
    places = skeletons.place.astype(np.int64)
    free = (owner < 0)[corpus.owner[places]]
    gone = np.zeros(len(places), dtype=np.float32)
    fresh = counts.bits(places, candidate, slot[places] & free, gone)
    return base, np.where(free, fresh, base[places]).astype(np.float32)
