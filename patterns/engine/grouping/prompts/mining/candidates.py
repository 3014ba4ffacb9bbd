"""Candidates for templates: sets of texts, with everything all of them have in common.

The idea of EXALG (Arasu & Garcia-Molina, SIGMOD 2003) carried from web pages to prompts: what
belongs to one template occurs in the same set of texts.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints

Places = npt.NDArray[np.int32]


class Skeletons:
    """All candidates in flat arrays.

    Candidate `i` has the common runs `runs[i]` and owns the memberships `first[i]:first[i + 1]`;
    membership `j` says that `text[j]` is covered at the tokens `place[begin[j]:begin[j + 1]]`.
    `static` counts a candidate's covered tokens, `pieces` the unbroken stretches they form.
    """

    def __init__(self, corpus: Corpus, sets: Iterable[Ints]) -> None:
        self.corpus = corpus
        self._own_runs = [np.unique(corpus.runs_of(i)) for i in range(corpus.count)]
        self.runs: list[Ints] = []
        kept = self._closed(sets)
        sizes = [len(members) for members in kept]
        self.first: Ints = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.text: Ints = np.concatenate(kept) if kept else np.array([], dtype=np.int64)
        self.candidate: Ints = np.repeat(np.arange(len(kept)), sizes)
        self._cover(kept)
        del self._own_runs

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def sizes(self) -> Ints:
        return np.diff(self.first)

    def _closed(self, sets: Iterable[Ints]) -> list[Ints]:
        """One set per intersection: the largest, for it has all texts with those runs."""
        best: dict[bytes, tuple[Ints, Ints]] = {}
        for members in sets:
            common = self._common(members)
            name = common.tobytes()
            if len(common) and (name not in best or len(best[name][1]) < len(members)):
                best[name] = (common, members)
        ranked = sorted(
            best.values(), key=lambda pair: (int(pair[1][0]), len(pair[1]), len(pair[0]))
        )
        self.runs = [common for common, _ in ranked]
        return [members for _, members in ranked]

    def _common(self, members: Ints) -> Ints:
        own = [self._own_runs[i] for i in members]
        if len(own) == 2:
            return np.intersect1d(own[0], own[1], assume_unique=True)
        values, counts = np.unique(np.concatenate(own), return_counts=True)
        common: Ints = values[counts == len(own)]
        return common

    def _cover(self, kept: list[Ints]) -> None:
        mark = np.zeros(self.corpus.runs, dtype=bool)
        places: list[Places] = []
        for common, members in zip(self.runs, kept, strict=True):
            mark[common] = True
            places += [self._covered(mark, int(text)) for text in members]
            mark[common] = False
        counts = np.array([len(one) for one in places], dtype=np.int64)
        self.begin: Ints = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.place: Places = np.concatenate(places) if places else np.array([], dtype=np.int32)
        leading = [places[j] for j in self.first[:-1]]
        self.static: Ints = np.array([len(one) for one in leading], dtype=np.int64)
        self.pieces: Ints = np.array([count_stretches(one) for one in leading], dtype=np.int64)

    def _covered(self, mark: npt.NDArray[np.bool_], text: int) -> Places:
        hit = mark[self.corpus.runs_of(text)]
        covered = np.zeros(len(hit) + 2, dtype=bool)
        covered[:-2] |= hit
        covered[1:-1] |= hit
        covered[2:] |= hit
        places: Places = (np.nonzero(covered)[0] + self.corpus.start[text]).astype(np.int32)
        return places

    def places(self, membership: int) -> Places:
        return self.place[self.begin[membership] : self.begin[membership + 1]]


def count_stretches(places: Places) -> int:
    """How many unbroken stretches ascending places form."""
    return 1 + int(np.count_nonzero(np.diff(places) > 1)) if len(places) else 0
