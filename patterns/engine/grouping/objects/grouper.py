"""Groups of JSON objects: objects of one schema share their telling keys, some keys are optional."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.exact import ExactGrouper
from patterns.engine.grouping.grouper import Candidate, GroupSummary
from patterns.engine.grouping.objects.schema_clustering import cluster_key_sets
from patterns.engine.grouping.objects.schema_cost import COUNTED, Keys, Schema
from patterns.engine.grouping.objects.schema_index import SchemaIndex
from patterns.engine.templates.gap_statistics import measure_shape_cohesion
from patterns.engine.templates.gap_words import Wording
from patterns.engine.text.input_view import SEPARATOR

MOST_SHAPES = 128  # of one schema that are remembered
SHOWN = 60  # keys in a template
SURE = 6.0  # bits a shape must save to join a schema on arrival: repair joins schemas, it rarely parts them


class ShapeGrouper(ExactGrouper):
    """A `Grouper` for shapes: the keys of an object, joined by `SEPARATOR`.

    A new shape joins the schema that whose cost it raises least (see `schema_cost`), if that is cheaper than
    a schema of its own.

    >>> grouper = ShapeGrouper()
    >>> grouper.learn(SEPARATOR.join(["court", "docket", "full"]), "first").key
    'first'
    >>> grouper.learn(SEPARATOR.join(["city", "nights"]), "second").key
    'second'
    >>> grouper.learn(SEPARATOR.join(["court", "docket"]), "third").key
    'first'
    """

    method: ClassVar[str] = "shape"

    def __init__(self) -> None:
        super().__init__()
        self.uses: dict[str, int] = {}  # of a shape, up to `COUNTED`
        self.index = SchemaIndex()
        self._fits: dict[str, float] = {}

    def learn(self, text: str, identifier: str) -> Candidate:
        found = self.match(text) or Candidate(identifier, 1.0, created=True)
        if self.uses.get(text, 0) < COUNTED:
            self._count_use(text, found.key)
        return found

    def match(self, text: str) -> Candidate | None:
        if text in self.keys:
            return Candidate(self.keys[text], self._measure_fit(text))
        keys, costs = split_keys(text), self.index.costs()
        ranked = self.index.rank(keys, costs)
        alone = costs.cost_of(Schema([(keys, 1.0)]))
        scored = [(min(1.0, saved / alone), key) for saved, key in ranked if saved > SURE]
        if not scored:
            return None
        runner = scored[1] if len(scored) > 1 else (0.0, None)
        return Candidate(scored[0][1], scored[0][0], runner[1], runner[0])

    def regroup(self, texts: Sequence[str]) -> list[int]:
        return group_shapes(texts)

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        for key in list(self.names):
            self.remove(key)
        members: dict[str, Counter[str]] = defaultdict(Counter)
        for text, group in zip(texts, groups, strict=True):
            members[keys[group]][text] += 1
        for key in sorted(members):
            self._take_schema(key, members[key])

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        """The keys as slots; a `?` marks those that some objects lack."""
        schema = self.index.schemas[key]
        parts: list[TemplatePart] = []
        for path in sorted(
            schema.counts, key=lambda path: (schema.counts[path] < schema.weight, path)
        ):
            optional = "?" if schema.counts[path] < schema.weight else ""
            parts.append(TemplatePart(f"{', ' if parts else '{'}{path}{optional}: "))
            parts.append(TemplatePart(slot=path))
        return (*parts[: 2 * SHOWN], TemplatePart(", \u2026}" if len(parts) > 2 * SHOWN else "}"))

    def summary(
        self, key: str, texts: Sequence[str], held: Sequence[Wording] | None = None
    ) -> GroupSummary:
        shapes = [text.split(SEPARATOR) for text in texts]
        return GroupSummary(None, self.template(key), {}, [], measure_shape_cohesion(shapes))

    def remove(self, key: str) -> None:
        for text in self.names.get(key, ()):
            self.uses.pop(text, None)
            self._fits.pop(text, None)
        self.index.drop(key)
        super().remove(key)

    def to_bytes(self) -> bytes:
        shapes = {key: {text: self.uses[text] for text in own} for key, own in self.names.items()}
        return msgspec.msgpack.encode(shapes)

    def restore(self, data: bytes) -> None:
        kept = msgspec.msgpack.decode(data, type=dict[str, dict[str, int] | list[str]])
        for key, shapes in kept.items():  # earlier snapshots had no uses
            self._take_schema(key, shapes if isinstance(shapes, dict) else dict.fromkeys(shapes, 1))

    def _measure_fit(self, text: str) -> float:
        """How well a known shape fits the rest of its schema, 0 to 1."""
        if text not in self._fits:
            others = [other for other in self.names[self.keys[text]] if other != text]
            own, costs = self._build_schema([text]), self.index.costs()
            saved = (
                costs.saving_of(self._build_schema(others), own) if others else costs.cost_of(own)
            )
            self._fits[text] = max(0.0, min(1.0, saved / costs.cost_of(own)))
        return self._fits[text]

    def _count_use(self, text: str, key: str) -> None:
        if text not in self.keys:
            self._forget_rarest(key)
            self._add(text, key)
        self.uses[text] = self.uses.get(text, 0) + 1
        self._update_cost(key)

    def _take_schema(self, key: str, shapes: Mapping[str, int]) -> None:
        """A whole schema with the uses of its shapes; the most used ones are remembered."""
        for text in sorted(shapes, key=lambda text: (-shapes[text], text))[:MOST_SHAPES]:
            if text not in self.keys:
                self._add(text, key)
                self.uses[text] = min(COUNTED, shapes[text])
        if key in self.names:
            self._update_cost(key)

    def _forget_rarest(self, key: str) -> None:
        known = self.names.get(key, [])
        if len(known) >= MOST_SHAPES:
            rarest = min(known, key=lambda text: self.uses[text])
            known.remove(rarest)
            del self.keys[rarest], self.uses[rarest]
            self._fits.pop(rarest, None)

    def _update_cost(self, key: str) -> None:
        self.index.put(key, self._build_schema(self.names[key]))
        for text in self.names[key]:
            self._fits.pop(text, None)

    def _build_schema(self, shapes: Sequence[str]) -> Schema:
        return Schema((split_keys(text), float(self.uses[text])) for text in shapes)


def group_shapes(shapes: Sequence[str]) -> list[int]:
    """The number of its schema for each shape; the same groups for any order."""
    numbers = cluster_key_sets(Counter(map(split_keys, shapes)))
    return [numbers[split_keys(shape)] for shape in shapes]


def split_keys(shape: str) -> Keys:
    return frozenset(shape.split(SEPARATOR))
