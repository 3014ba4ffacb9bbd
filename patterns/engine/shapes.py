"""Groups of JSON objects: objects of one kind share their telling keys, some keys are optional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from patterns.engine.grouping import Candidate
from patterns.engine.pattern import TemplatePart
from patterns.engine.structure import SEPARATOR

ALIKE = 0.5  # weighted share of keys two shapes must have in common


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
        weight = self._weights()
        scored = sorted(
            (
                (max(_alike(keys, _keys(n), weight) for n in names), key)
                for key, names in self.names.items()
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )
        if not scored or scored[0][0] < ALIKE:
            return None
        runner = scored[1] if len(scored) > 1 else (0.0, None)
        return Candidate(scored[0][1], scored[0][0], runner[1], runner[0])

    def regroup(self, texts: Sequence[str]) -> list[int]:
        return group_shapes(texts)

    def _weights(self) -> dict[str, float]:
        return weights([names for names in self.names.values()])


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
    """The same groups for any order: merges the closest two while they are alike enough."""
    distinct = sorted(set(shapes))
    groups = [[shape] for shape in distinct]
    while len(groups) > 1:
        weight = weights(groups)
        best = max(
            (
                (_linkage(a, b, weight), -i, -j)
                for i, a in enumerate(groups)
                for j, b in enumerate(groups[:i])
            ),
        )
        if best[0] < ALIKE:
            break
        first, second = -best[2], -best[1]
        groups[first] = sorted(groups[first] + groups.pop(second))
    number = {shape: i for i, group in enumerate(groups) for shape in group}
    return [number[shape] for shape in shapes]


def _linkage(left: Sequence[str], right: Sequence[str], weight: Mapping[str, float]) -> float:
    return max(_alike(_keys(a), _keys(b), weight) for a in left for b in right)


def _keys(shape: str) -> frozenset[str]:
    return frozenset(shape.split(SEPARATOR))


def _alike(left: frozenset[str], right: frozenset[str], weight: Mapping[str, float]) -> float:
    """Weighted Jaccard similarity."""
    common = sum(weight.get(key, 1.0) for key in left & right)
    return common / (sum(weight.get(key, 1.0) for key in left | right) or 1.0)
