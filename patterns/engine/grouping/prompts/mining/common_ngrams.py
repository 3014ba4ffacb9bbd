"""Frames: texts with the runs all of them have, and what stands between those runs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints

EXAMPLES = 8  # texts looked at for a good example
Flags = npt.NDArray[np.bool_]


class Frame(msgspec.Struct, frozen=True):
    """`texts` and `runs` are numbers of a corpus, ascending; `example` shows the frame best.

    `parts` are the frames it was joined of, if any.
    """

    texts: Ints
    runs: Ints
    example: int
    parts: tuple[Frame, ...] = ()


def build_frame(corpus: Corpus, texts: Ints) -> Frame:
    """The frame of these texts: every run that all of them have."""
    rows = [np.unique(corpus.runs_of(int(text))) for text in texts]
    values, counts = np.unique(np.concatenate(rows), return_counts=True)
    runs = values[counts == len(texts)]
    return Frame(texts, runs, _choose_example(corpus, texts, runs))


def _choose_example(corpus: Corpus, texts: Ints, runs: Ints) -> int:
    """One in which the fewest tokens are covered: a slot may quote the static text."""
    few: list[int] = texts[:EXAMPLES].tolist()
    return min(few, key=lambda text: int(np.count_nonzero(mark_static(corpus, text, runs))))


def mark_static(corpus: Corpus, text: int, runs: Ints) -> Flags:
    """Which tokens of a text the runs cover."""
    return mark_covered(np.isin(corpus.runs_of(text), runs))


def mark_covered(hit: Flags) -> Flags:
    """Tokens under three-token runs, one more at each end than there are runs."""
    static = np.zeros(len(hit) + 2, dtype=bool)
    static[:-2] |= hit
    static[1:-1] |= hit
    static[2:] |= hit
    return static


def join_frames(corpus: Corpus, frames: Sequence[Frame]) -> Frame:
    """One frame of several: all texts, and the runs they have in common."""
    if len(frames) == 1:
        return frames[0]
    runs = frames[0].runs
    for other in frames[1:]:
        runs = np.intersect1d(runs, other.runs, assume_unique=True)
    texts = np.sort(np.concatenate([one.texts for one in frames]))
    return Frame(texts, runs, _choose_example(corpus, texts, runs), tuple(frames))
