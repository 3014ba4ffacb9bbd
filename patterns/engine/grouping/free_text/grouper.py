"""Groups of free text that says the same in other words: the nearest centre, if near enough.

One by one this is a leader (Hartigan, 1975) in the space learnt last; `regroup` clusters a sample
at once, finds the number of groups itself, and teaches the space.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import ClassVar

import msgspec
import numpy as np

from patterns.engine.domain.arrays import Floats
from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.free_text.char_ngrams import unit
from patterns.engine.grouping.free_text.clustering import clusters, nearest_cluster
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.free_text.latent_space import UNTAUGHT, Space, taught
from patterns.engine.grouping.grouper import Candidate, Grouper
from patterns.engine.text.tokens import normal

SAMPLE = 3_000  # texts clustered at once; the rest follows its neighbours
_FIRST_NEAR = 0.5  # cosine that joins a group before a sample taught a better one
_STRANGERS = 0.005  # share of members farther from their centre than what `near` allows
_REMEMBERED = 20_000  # texts whose group is known without measuring
_EXAMPLE = 200  # characters


class _State(msgspec.Struct):
    limit: int
    near: float
    space: Space
    keys: list[str]
    sizes: list[int]
    examples: list[str]
    sums: bytes
    known: dict[int, str]


class SimilarityGrouper(Grouper):
    """Free text by nearness.

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
        self.near, self._space = _FIRST_NEAR, UNTAUGHT
        self._keys: list[str] = []
        self._places: dict[str, int] = {}
        self._sizes: list[int] = []
        self._examples: list[str] = []
        self._sums = np.zeros((16, UNTAUGHT.dimensions), dtype=np.float32)
        self._units = np.zeros_like(self._sums)
        self._known: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def match(self, text: str) -> Candidate | None:
        return self._match(_digest(text), self._place(text))

    def learn(self, text: str, identifier: str) -> Candidate:
        vector = self._place(text)
        candidate = self._match(_digest(text), vector)
        if candidate is not None:
            self._grow(candidate.key, vector)
            return candidate
        nearest = self._ranked(vector)[:1]
        self._add(identifier, vector, 1, text)
        if len(self._keys) > self.limit:
            self.remove(min(self._keys[:-1], key=lambda key: (self._sizes[self._places[key]], key)))
        runner_up, score = nearest[0] if nearest else (None, 0.0)
        return Candidate(identifier, 1.0, runner_up, score, created=True)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        sample = _sample(texts)
        space = taught(sample, self.embedder)
        vectors = space.place(sample, self.embedder)
        labels = clusters(vectors)
        of_text = dict(zip(sample, labels.tolist(), strict=True))
        rest = [text for text in dict.fromkeys(texts) if text not in of_text]
        if rest:
            found = nearest_cluster(space.place(rest, self.embedder), vectors, labels)
            of_text.update(zip(rest, found.tolist(), strict=True))
        # Texts that `match` takes for the same, whatever their case and spaces, stay together.
        of_digest: dict[int, int] = {}
        for text in sorted(of_text):
            of_digest.setdefault(_digest(text), of_text[text])
        return [of_digest[_digest(text)] for text in texts]

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        self.__init__(self.embedder, self.limit)  # type: ignore[misc]
        if not texts:
            return
        self._space = taught(_sample(texts), self.embedder)
        self._sums = np.zeros((16, self._space.dimensions), dtype=np.float32)
        self._units = np.zeros_like(self._sums)
        vectors = self._space.place(texts, self.embedder)
        members: dict[int, list[int]] = defaultdict(list)
        for row, number in enumerate(groups):
            members[number].append(row)
        for number in sorted(members, key=lambda n: keys[n]):
            self._take_over(keys[number], members[number], vectors, texts)
        self._remember(texts, [keys[number] for number in groups])
        self.near = self._near_enough(vectors, [keys[number] for number in groups])

    def known(self) -> list[str]:
        return list(self._keys)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        """Nothing of free text is verbatim: one slot."""
        if key not in self._places:
            raise KeyError(key)
        return (TemplatePart(slot="text"),)

    def example(self, key: str) -> str:
        """A member in the middle of the group, cut to 200 characters."""
        return self._examples[self._places[key]]

    def remove(self, key: str) -> None:
        place, last = self._places.pop(key), len(self._keys) - 1
        self._keys[place], self._sizes[place] = self._keys[last], self._sizes[last]
        self._examples[place] = self._examples[last]
        del self._keys[last], self._sizes[last], self._examples[last]
        self._sums[place], self._units[place] = self._sums[last], self._units[last]
        if place != last:
            self._places[self._keys[place]] = place

    def to_bytes(self) -> bytes:
        sums = self._sums[: len(self._keys)].tobytes()
        return msgspec.msgpack.encode(
            _State(
                self.limit,
                self.near,
                self._space,
                self._keys,
                self._sizes,
                self._examples,
                sums,
                self._known,
            )
        )

    def restore(self, data: bytes) -> None:
        state = msgspec.msgpack.decode(data, type=_State)
        version = self.embedder.version if self.embedder else ""
        if state.space.version not in ("", version):
            raise ValueError(f"groups made with {state.space.version}, not {version or 'letters'}")
        self.limit = state.limit
        self.near, self._space, self._known = state.near, state.space, state.known
        shape = (len(state.keys), state.space.dimensions)
        sums = np.frombuffer(state.sums, dtype=np.float32).reshape(shape)
        self._sums = np.zeros((max(16, len(sums)), shape[1]), dtype=np.float32)
        self._units = np.zeros_like(self._sums)
        for key, row, size, text in zip(state.keys, sums, state.sizes, state.examples, strict=True):
            self._add(key, row, size, text)

    def _place(self, text: str) -> Floats:
        row: Floats = self._space.place([text], self.embedder)[0]
        return row

    def _match(self, digest: int, vector: Floats) -> Candidate | None:
        ranked = self._ranked(vector)
        known = self._known.get(digest)
        if known in self._places:
            score = float(vector @ self._units[self._places[known]])
            ranked = [(known, max(0.0, score)), *(e for e in ranked if e[0] != known)]
        elif not ranked or ranked[0][1] < self.near:
            return None
        (key, score), rest = ranked[0], ranked[1:]
        return Candidate(key, min(1.0, score), *(rest[0] if rest else (None, 0.0)))

    def _ranked(self, vector: Floats) -> list[tuple[str, float]]:
        """The two nearest groups and their cosines, nearest first; ties by key."""
        likeness = self._units[: len(self._keys)] @ vector
        if not len(likeness):
            return []
        top = np.argpartition(-likeness, min(2, len(likeness) - 1))[:3]
        pairs = [(self._keys[i], max(0.0, float(likeness[i]))) for i in top.tolist()]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:2]

    def _add(self, key: str, total: Floats, size: int, example: str) -> None:
        if key in self._places:
            self.remove(key)
        place = len(self._keys)
        if place == len(self._sums):
            self._sums = np.vstack([self._sums, np.zeros_like(self._sums)])
            self._units = np.vstack([self._units, np.zeros_like(self._units)])
        self._keys.append(key)
        self._sizes.append(size)
        self._examples.append(example[:_EXAMPLE])
        self._places[key] = place
        self._sums[place], self._units[place] = total, unit(total)

    def _grow(self, key: str, vector: Floats) -> None:
        place = self._places[key]
        self._sums[place] += vector
        self._sizes[place] += 1
        self._units[place] = unit(self._sums[place])

    def _take_over(
        self, key: str, rows: Sequence[int], vectors: Floats, texts: Sequence[str]
    ) -> None:
        total = vectors[list(rows)].sum(0)
        likeness = vectors[list(rows)] @ unit(total)
        best = min(zip((-likeness).round(5).tolist(), (texts[row] for row in rows), strict=True))
        self._add(key, total, len(rows), best[1])

    def _remember(self, texts: Sequence[str], keys: Sequence[str]) -> None:
        """The group of each text; of one with several, the group that has it most often."""
        votes: dict[int, Counter[str]] = defaultdict(Counter)
        for text, key in zip(texts[:_REMEMBERED], keys, strict=False):
            votes[_digest(text)][key] += 1
        self._known = {
            digest: min(counts, key=lambda key: (-counts[key], key))
            for digest, counts in votes.items()
        }

    def _near_enough(self, vectors: Floats, keys: Sequence[str]) -> float:
        own = self._units[[self._places[key] for key in keys]]
        return float(np.quantile(np.einsum("nd,nd->n", vectors, own), _STRANGERS))


def _digest(text: str) -> int:
    data = " ".join(normal(text).lower().split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


def _sample(texts: Sequence[str]) -> list[str]:
    """At most `SAMPLE` different texts, the same for any order of them."""
    return sorted(set(texts), key=lambda text: (_digest(text), text))[:SAMPLE]
