"""Vectors of free text in a space learnt from a sample, so that rare shared letters count.

Letter groups are weighed by how rare they are and reduced to the directions in which the sample
varies (latent semantic analysis, Deerwester et al. 1990). An embedder, if there is one, adds its
own directions; measured on two intent sets both together are better than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np

from patterns.engine.domain.arrays import Floats, Integers
from patterns.engine.grouping.free_text.char_ngrams import BUCKETS, count_ngrams, scale_to_unit
from patterns.engine.grouping.free_text.embedders import Embedder, EmbedderError

DIRECTIONS = 80
_LEXICAL_SHARE = 0.7  # weight of the letters beside an embedder
_SPARE = 20  # extra directions while searching (Halko, Martinsson and Tropp, 2011)
_POWERS = 4
_LEAST = 12  # texts; fewer teach nothing
_UNTAUGHT = 128


class Space(msgspec.Struct, frozen=True):
    """Letter buckets to directions, and vectors of an embedder to directions. Arrays as bytes."""

    buckets: bytes = b""  # int64, ascending: the buckets that count
    letters: bytes = b""  # float16, a row of directions for each of them, rarity included
    middle: bytes = b""  # float32, of the embedder's vectors
    meaning: bytes = b""  # float32, a row of directions for each of the embedder's dimensions
    version: str = ""  # of the embedder

    def place(self, texts: Sequence[str], embedder: Embedder | None = None) -> Floats:
        """One unit row for each text; the part of an embedder that fails is zero."""
        letters = np.stack([self._letters(text) for text in texts])
        if not self.meaning or embedder is None:
            return letters
        middle, axes = _read_floats(self.middle), _read_floats(self.meaning).reshape(-1, DIRECTIONS)
        try:
            meaning = scale_to_unit(
                np.asarray((embedder.embed(texts) - middle) @ axes, dtype=np.float32)
            )
        except EmbedderError:
            meaning = np.zeros((len(texts), DIRECTIONS), dtype=np.float32)
        return scale_to_unit(np.hstack([_LEXICAL_SHARE * letters, meaning]))

    @property
    def dimensions(self) -> int:
        if not self.buckets:
            return _UNTAUGHT
        return DIRECTIONS * (2 if self.meaning else 1)

    def _letters(self, text: str) -> Floats:
        found, counts = count_ngrams(text)
        if not self.buckets:
            return scale_to_unit(np.sqrt(counts, dtype=np.float32) @ _draw_directions()[found])
        known, directions = _read_tables(self.buckets, self.letters)
        places = np.searchsorted(known, found)
        places[places == len(known)] = 0
        hit = known[places] == found
        return scale_to_unit(counts[hit] @ directions[places[hit]])


UNTAUGHT = Space()


def learn_space(texts: Sequence[str], embedder: Embedder | None = None) -> Space:
    """The space of a sample, or `UNTAUGHT` when the sample has fewer than 12 texts."""
    if len(texts) < _LEAST:
        return UNTAUGHT
    buckets, letters = _learn_letter_axes(texts)
    space = Space(buckets.astype(np.int64).tobytes(), letters.astype(np.float16).tobytes())
    if embedder is None or not len(buckets):
        return space if len(buckets) else UNTAUGHT
    try:
        vectors = embedder.embed(texts)
    except EmbedderError:
        return space
    middle = vectors.mean(0)
    axes = find_axes(vectors - middle)
    return msgspec.structs.replace(
        space,
        middle=middle.astype(np.float32).tobytes(),
        meaning=axes.tobytes(),
        version=embedder.version,
    )


def _learn_letter_axes(texts: Sequence[str]) -> tuple[Integers, Floats]:
    rows = [count_ngrams(text) for text in texts]
    seen = np.bincount(np.concatenate([found for found, _ in rows]), minlength=BUCKETS)
    buckets = np.flatnonzero((seen > 1) & (seen < len(texts)))
    weights = np.log(len(texts) / np.maximum(1, seen)).astype(np.float32)
    matrix = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, (found, counts) in zip(matrix, rows, strict=True):
        row[found] = counts * weights[found]
    matrix = scale_to_unit(matrix[:, buckets])
    return buckets, (find_axes(matrix) * weights[buckets, None]).astype(np.float32)


def find_axes(matrix: Floats) -> Floats:
    """The right singular vectors of the largest values as columns, `DIRECTIONS` of them."""
    width = min(DIRECTIONS + _SPARE, *matrix.shape)
    random = np.random.default_rng(0).standard_normal((matrix.shape[1], width))
    sketch = matrix @ random.astype(np.float32)
    for _ in range(_POWERS):
        sketch = matrix @ (matrix.T @ np.linalg.qr(sketch)[0])
    basis = np.linalg.qr(sketch)[0]
    _, _, rows = np.linalg.svd(basis.T @ matrix, full_matrices=False)
    axes = np.zeros((matrix.shape[1], DIRECTIONS), dtype=np.float32)
    axes[:, : len(rows[:DIRECTIONS])] = rows[:DIRECTIONS].T
    return axes


def _read_floats(data: bytes) -> Floats:
    return np.frombuffer(data, dtype=np.float32)


@lru_cache(maxsize=64)
def _read_tables(buckets: bytes, letters: bytes) -> tuple[Integers, Floats]:
    known = np.frombuffer(buckets, dtype=np.int64)
    directions = np.frombuffer(letters, dtype=np.float16).reshape(len(known), DIRECTIONS)
    return known, directions.astype(np.float32)


@lru_cache(maxsize=1)
def _draw_directions() -> Floats:
    """Random projection used before a sample was seen; keeps angles roughly (Achlioptas, 2003)."""
    signs = np.random.default_rng(7).integers(0, 2, (BUCKETS, _UNTAUGHT), dtype=np.int8)
    return (2 * signs - 1).astype(np.float32)
