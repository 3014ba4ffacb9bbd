"""Many texts as integer arrays: where each token and each run of three tokens occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from patterns.engine.text.ngrams import Numbers, digest_tokens, frame_keys, hash_shingles

Ints = npt.NDArray[np.int64]
FRAMES = (0, 2, 3, 4, 5, 6, 8, 11, 15)  # tokens at the start and at the end that may be a frame


class Corpus:
    """Token `i` of all texts in a row is `token[i]` of text `owner[i]`; texts are `[start, stop)`.

    `run[i]` numbers the three tokens that end at `i` (-1 at a text's first two), `pair[i]` the two.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        framed = [frame_keys(keys) for keys in texts]
        words: dict[str, int] = {}
        tokens = [[words.setdefault(key, len(words)) for key in keys] for keys in framed]
        self.count = len(texts)
        self.words = list(words)
        typed = [number for word, number in words.items() if word[:1] == "<" and len(word) > 2]
        self.typed: Ints = np.array(typed, dtype=np.int64)
        self.wordy = np.array([word[:1].isalpha() for word in words], dtype=bool)
        self.token: Ints = np.array([t for one in tokens for t in one], dtype=np.int64)
        self.length: Ints = np.array([len(one) for one in tokens], dtype=np.int64)
        self.start: Ints = np.concatenate([[0], np.cumsum(self.length)[:-1]]).astype(np.int64)
        self.owner: Ints = np.repeat(np.arange(self.count), self.length)
        self._number_runs(framed)
        self._number_pairs()
        self._post()

    def _number_runs(self, framed: Sequence[Sequence[str]]) -> None:
        found = [hash_shingles(digest_tokens(keys)) for keys in framed]
        flat = np.concatenate(found) if found else np.array([], dtype=np.uint64)
        self.digest: Numbers
        self.digest, numbers = np.unique(flat, return_inverse=True)
        self.run: Ints = np.full(len(self.token), -1, dtype=np.int64)
        inside = np.arange(len(self.token)) - self.start[self.owner] >= 2
        self.run[inside] = numbers
        self.runs = len(self.digest)

    def _number_pairs(self) -> None:
        place = np.arange(len(self.token)) - self.start[self.owner]
        previous = np.where(place >= 1, np.roll(self.token, 1), -1)
        self.previous: Ints = previous
        joined = previous * len(self.words) + self.token
        _, self.pair = np.unique(joined, return_inverse=True)
        self.context: Ints = np.where(place >= 2, np.roll(self.pair, 1), -1)

    def _post(self) -> None:
        """Which texts hold a run, and a number that tells equal sets of texts."""
        inside = self.run >= 0
        keys = np.unique(self.run[inside] * self.count + self.owner[inside])
        self.posted_in: Ints = keys % self.count
        self.posting: Ints = np.searchsorted(keys // self.count, np.arange(self.runs + 1))
        self.spread: Ints = np.diff(self.posting)
        marks = np.random.default_rng(0).integers(0, 2**63, self.count, dtype=np.int64)
        sums = np.add.reduceat(marks[self.posted_in], self.posting[:-1])
        self.set_number: Ints = sums

    def texts_with(self, run: int) -> Ints:
        return self.posted_in[self.posting[run] : self.posting[run + 1]]

    def runs_of(self, text: int) -> Ints:
        """The runs of a text in order: number `i` starts at its token `i`."""
        first = self.start[text]
        return self.run[first + 2 : first + self.length[text]]

    def member_sets(self) -> Iterator[Ints]:
        """Each set of texts that some runs, or a frame at the edges, have in common (2 or more)."""
        seen: set[bytes] = set()
        for members in [*self._sets_of_runs(), *self._sets_of_frames()]:
            name = members.tobytes()
            if name not in seen:
                seen.add(name)
                yield members

    def _sets_of_runs(self) -> Iterator[Ints]:
        shared = np.nonzero(self.spread >= 2)[0]
        if len(shared) == 0:
            return
        names = np.stack([self.spread[shared], self.set_number[shared]], axis=1)
        _, first = np.unique(names, axis=0, return_index=True)
        for run in shared[first]:
            yield self.texts_with(int(run))

    def _sets_of_frames(self) -> Iterator[Ints]:
        rows = [self.token[s : s + n] for s, n in zip(self.start, self.length, strict=True)]
        heads = {n: [row[:n].tobytes() for row in rows] for n in FRAMES}
        tails = {n: [row[len(row) - n :].tobytes() for row in rows] for n in FRAMES}
        for before in FRAMES:
            for after in FRAMES[0 if before >= 3 else 2 if before == 0 else 1 :]:
                yield from _alike(list(zip(heads[before], tails[after], strict=True)))


def _alike(names: Sequence[tuple[bytes, bytes]]) -> Iterator[Ints]:
    found: dict[tuple[bytes, bytes], list[int]] = {}
    for number, name in enumerate(names):
        found.setdefault(name, []).append(number)
    for members in found.values():
        if len(members) >= 2:
            yield np.array(members, dtype=np.int64)
