"""Groups of free text that says the same in other words: the nearest centre, if near enough.

One by one this is a leader (Hartigan, 1975) in the space learnt last; `regroup` clusters a sample
at once, finds the number of groups itself, and teaches the space.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
import numpy as np

from patterns.engine.domain.arrays import Floats
from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.free_text.centroids import Centroids
from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.free_text.latent_space import UNTAUGHT, Space, learn_space
from patterns.engine.grouping.free_text.regroup import digest_text, regroup_texts, sample_texts
from patterns.engine.grouping.grouper import Candidate, Grouper

_FIRST_NEAR = 0.5  # cosine that joins a group before a sample taught a better one
_STRANGERS = 0.005  # share of members farther from their centre than what `near` allows
_REMEMBERED = 20_000  # texts whose group is known without measuring


class _SimilarityState(msgspec.Struct):
    limit: int
    near: float
    space: Space
    keys: list[str]
    sizes: list[int]
    examples: list[str]
    sums: bytes
    known: dict[int, str]


class SimilarityGrouper(Grouper):
    """Groups free text by the nearest centre.

    `embedder` None means letters only. `limit` bounds the number of groups: learning beyond it
    removes the smallest.

    >>> grouper = SimilarityGrouper()
    >>> grouper.learn("where is my order", "a").key
    'a'
    >>> grouper.learn("where is my order now?", "b").key
    'a'
    """

    method: ClassVar[str] = "similarity"

    def __init__(self, embedder: Embedder | None = None, limit: int = 10_000) -> None:
        self.embedder, self.limit = embedder, max(1, limit)
        self._forget_all(UNTAUGHT)

    def _forget_all(self, space: Space) -> None:
        self.near, self._space = _FIRST_NEAR, space
        self._groups = Centroids(space.dimensions)
        self._known: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def match(self, text: str) -> Candidate | None:
        return self._match(digest_text(text), self._find_vector(text))

    def learn(self, text: str, identifier: str) -> Candidate:
        vector = self._find_vector(text)
        candidate = self._match(digest_text(text), vector)
        if candidate is not None:
            self._groups.grow(candidate.key, vector)
            return candidate
        nearest = self._groups.rank(vector)[:1]
        self._groups.add(identifier, vector, 1, text)
        if len(self) > self.limit:
            self.remove(self._groups.smallest(besides=identifier))
        runner_up, score = nearest[0] if nearest else (None, 0.0)
        return Candidate(identifier, 1.0, runner_up, score, created=True)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        return regroup_texts(texts, self.embedder)

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        if not texts:
            self._forget_all(UNTAUGHT)
            return
        self._forget_all(learn_space(sample_texts(texts), self.embedder))
        vectors = self._space.place(texts, self.embedder)
        members: dict[int, list[int]] = defaultdict(list)
        for row, number in enumerate(groups):
            members[number].append(row)
        for number in sorted(members, key=lambda n: keys[n]):
            self._add_members(keys[number], members[number], vectors, texts)
        self._remember_texts(texts, [keys[number] for number in groups])
        self.near = self._measure_near(vectors, [keys[number] for number in groups])

    def known(self) -> list[str]:
        return list(self._groups.keys)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        """A single slot: no part of free text is fixed. KeyError for an unknown key."""
        if key not in self._groups:
            raise KeyError(key)
        return (TemplatePart(slot="text"),)

    def example(self, key: str) -> str:
        """A member in the middle of the group, cut to 200 characters."""
        return self._groups.example(key)

    def remove(self, key: str) -> None:
        self._groups.remove(key)

    def to_bytes(self) -> bytes:
        groups = self._groups
        state = _SimilarityState(
            self.limit,
            self.near,
            self._space,
            groups.keys,
            groups.sizes,
            groups.examples,
            groups.sums_to_bytes(),
            self._known,
        )
        return msgspec.msgpack.encode(state)

    def restore(self, data: bytes) -> None:
        state = msgspec.msgpack.decode(data, type=_SimilarityState)
        version = self.embedder.version if self.embedder else ""
        if state.space.version not in ("", version):
            raise ValueError(f"groups made with {state.space.version}, not {version or 'letters'}")
        self.limit = state.limit
        self.near, self._space, self._known = state.near, state.space, state.known
        shape = (len(state.keys), state.space.dimensions)
        sums = np.frombuffer(state.sums, dtype=np.float32).reshape(shape)
        self._groups = Centroids(state.space.dimensions, room=len(sums))
        for key, row, size, text in zip(state.keys, sums, state.sizes, state.examples, strict=True):
            self._groups.add(key, row, size, text)

    def _find_vector(self, text: str) -> Floats:
        row: Floats = self._space.place([text], self.embedder)[0]
        return row

    def _match(self, digest: int, vector: Floats) -> Candidate | None:
        ranked = self._groups.rank(vector)
        known = self._known.get(digest)
        if known is not None and known in self._groups:
            score = max(0.0, self._groups.cosine(known, vector))
            ranked = [(known, score), *(e for e in ranked if e[0] != known)]
        elif not ranked or ranked[0][1] < self.near:
            return None
        (key, score), rest = ranked[0], ranked[1:]
        return Candidate(key, min(1.0, score), *(rest[0] if rest else (None, 0.0)))

    def _add_members(
        self, key: str, rows: Sequence[int], vectors: Floats, texts: Sequence[str]
    ) -> None:
        total = vectors[list(rows)].sum(0)
        likeness = vectors[list(rows)] @ scale_to_unit(total)
        best = min(zip((-likeness).round(5).tolist(), (texts[row] for row in rows), strict=True))
        self._groups.add(key, total, len(rows), best[1])

    def _remember_texts(self, texts: Sequence[str], keys: Sequence[str]) -> None:
        """The group of each text; of one with several, the group that has it most often."""
        votes: dict[int, Counter[str]] = defaultdict(Counter)
        for text, key in zip(texts[:_REMEMBERED], keys, strict=False):
            votes[digest_text(text)][key] += 1
        self._known = {
            digest: min(counts, key=lambda key: (-counts[key], key))
            for digest, counts in votes.items()
        }

    def _measure_near(self, vectors: Floats, keys: Sequence[str]) -> float:
        own = self._groups.centres(keys)
        return float(np.quantile(np.einsum("nd,nd->n", vectors, own), _STRANGERS))
