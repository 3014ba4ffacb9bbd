"""Groups of JSON objects: objects of one kind share their telling keys, some keys are optional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from patterns.engine.grouping import Candidate
from patterns.engine.pattern import TemplatePart
from patterns.engine.structure import SEPARATOR

ROUNDS = 4
CROWDED = 200  # shapes with a key that are looked at
ALIKE = 0.45  # weighted share of keys two shapes must have in common


class ExactGrouper:
    """A `Grouper` for names: every name is a group."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self.names)

    def learn(self, text: str, identifier: str) -> Candidate:
        if text in self.keys:
            return Candidate(self.keys[text], 1.0)
        self._add(text, identifier)
        return Candidate(identifier, 1.0, created=True)

    def match(self, text: str) -> Candidate | None:
        key = self.keys.get(text)
        return None if key is None else Candidate(key, 1.0)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        known: dict[str, int] = {}
        return [known.setdefault(text, len(known)) for text in texts]

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        for key in list(self.names):
            self.remove(key)
        for text, group in zip(texts, groups, strict=True):
            if text not in self.keys:
                self._add(text, keys[group])

    def known(self) -> list[str]:
        """The keys of all groups."""
        return list(self.names)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        return (TemplatePart(text=self.names[key][0]),)

    def remove(self, key: str) -> None:
        for name in self.names.pop(key, ()):
            self.keys.pop(name, None)

    def _add(self, text: str, key: str) -> None:
        self.keys[text] = key
        self.names.setdefault(key, []).append(text)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self.names)

    def restore(self, data: bytes) -> None:
        for key, names in msgspec.msgpack.decode(data, type=dict[str, list[str]]).items():
            for name in names:
                self._add(name, key)


class ShapeGrouper(ExactGrouper):
    """A `Grouper` for shapes: the keys of an object, joined by `SEPARATOR`.

    A new shape joins the group that shares most of its rare keys.
    """

    def __init__(self) -> None:
        super().__init__()
        self.holders: dict[str, dict[str, None]] = {}

    def learn(self, text: str, identifier: str) -> Candidate:
        found = self.match(text)
        if found is None:
            return super().learn(text, identifier)
        if text not in self.keys:
            self._add(text, found.key)
        return found

    def match(self, text: str) -> Candidate | None:
        if text in self.keys:
            return Candidate(self.keys[text], 1.0)
        keys = _keys(text)
        near = sorted({name for key in keys for name in self._names_with(key)})
        weight = self._weights(keys.union(*map(_keys, near)))
        best: dict[str, float] = {}
        for name in near:
            key = self.keys[name]
            best[key] = max(best.get(key, 0.0), _alike(keys, _keys(name), weight))
        scored = sorted(
            ((alike, key) for key, alike in best.items()), key=lambda pair: (-pair[0], pair[1])
        )
        if not scored or scored[0][0] < ALIKE:
            return None
        runner = scored[1] if len(scored) > 1 else (0.0, None)
        return Candidate(scored[0][1], scored[0][0], runner[1], runner[0])

    def regroup(self, texts: Sequence[str]) -> list[int]:
        return group_shapes(texts)

    def _names_with(self, key: str) -> list[str]:
        """The shapes with a key; of a key that nearly all have, the first ones will do."""
        return list(self.holders.get(key, {}))[:CROWDED]

    def _weights(self, keys: Iterable[str]) -> dict[str, float]:
        number = len(self.names)
        return {key: float(np.log2(1 + number / max(1, self._groups_with(key)))) for key in keys}

    def _groups_with(self, key: str) -> int:
        return len({self.keys[name] for name in self._names_with(key)})

    def _add(self, text: str, key: str) -> None:
        super()._add(text, key)
        for one in _keys(text):
            self.holders.setdefault(one, {})[text] = None

    def remove(self, key: str) -> None:
        for name in self.names.get(key, ()):
            for one in _keys(name):
                self.holders.get(one, {}).pop(name, None)
        super().remove(key)


def weights(groups: Iterable[Sequence[str]]) -> dict[str, float]:
    """How telling a key is: keys that few groups have weigh most."""
    counts: dict[str, int] = {}
    number = 0
    for shapes in groups:
        number += 1
        for key in {key for shape in shapes for key in _keys(shape)}:
            counts[key] = counts.get(key, 0) + 1
    return {key: float(np.log2(1 + number / n)) for key, n in counts.items()}


def group_shapes(shapes: Sequence[str]) -> list[int]:
    """The same groups for any order: joins what is alike, weighs the keys by the groups, again."""
    distinct = sorted(set(shapes))
    keys = [_keys(shape) for shape in distinct]
    near = _neighbours(keys)
    group = list(range(len(distinct)))
    for _ in range(ROUNDS):
        weight = weights(_members(distinct, group))
        joined = _joined(keys, near, weight)
        if joined == group:
            break
        group = joined
    number = dict(zip(distinct, group, strict=True))
    return [number[shape] for shape in shapes]


def _neighbours(keys: Sequence[frozenset[str]]) -> list[tuple[int, int]]:
    """Pairs that share a key."""
    holders: dict[str, list[int]] = {}
    for index, own in enumerate(keys):
        for key in own:
            holders.setdefault(key, []).append(index)
    pairs = {(i, j) for held in holders.values() for n, i in enumerate(held) for j in held[n + 1 :]}
    return sorted(pairs)


def _joined(
    keys: Sequence[frozenset[str]], near: Sequence[tuple[int, int]], weight: Mapping[str, float]
) -> list[int]:
    leader = list(range(len(keys)))
    for i, j in near:
        if _alike(keys[i], keys[j], weight) >= ALIKE:
            first, second = sorted((_root(leader, i), _root(leader, j)))
            leader[second] = first
    return [_root(leader, i) for i in range(len(keys))]


def _root(leader: list[int], index: int) -> int:
    while leader[index] != index:
        index = leader[index]
    return index


def _members(shapes: Sequence[str], group: Sequence[int]) -> list[list[str]]:
    found: dict[int, list[str]] = {}
    for shape, number in zip(shapes, group, strict=True):
        found.setdefault(number, []).append(shape)
    return list(found.values())


def _keys(shape: str) -> frozenset[str]:
    return frozenset(shape.split(SEPARATOR))


def _alike(left: frozenset[str], right: frozenset[str], weight: Mapping[str, float]) -> float:
    """Weighted Jaccard similarity."""
    common = sum(weight.get(key, 1.0) for key in left & right)
    return common / (sum(weight.get(key, 1.0) for key in left | right) or 1.0)
