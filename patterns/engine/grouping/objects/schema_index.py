"""The schemas of objects known so far, found by the keys they have."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

from patterns.engine.grouping.objects.schema_cost import Keys, Schema, SchemaCosts

LOOKED_AT = 8  # schemas that are weighed for a new key set, those that share most with it
CROWDED = 400  # schemas with one key that are looked at


class SchemaIndex:
    """Schemas by name, found by the keys they have."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self.weight = 0.0
        self._holders: dict[str, dict[str, None]] = {}
        self._costs: SchemaCosts | None = None

    def put(self, name: str, schema: Schema) -> None:
        """Takes the place of the schema of that name."""
        self.drop(name)
        self._costs = None
        self.schemas[name] = schema
        self.weight += schema.weight
        for key in schema.masks:
            self._holders.setdefault(key, {})[name] = None

    def drop(self, name: str) -> None:
        schema = self.schemas.pop(name, None)
        if schema is None:
            return
        self._costs = None
        self.weight -= schema.weight
        for key in schema.masks:
            self._holders[key].pop(name)
            if not self._holders[key]:
                del self._holders[key]

    def costs(self) -> SchemaCosts:
        if self._costs is None:
            counts = {key: len(found) for key, found in self._holders.items()}
            self._costs = SchemaCosts(len(self.schemas), counts, self.weight)
        return self._costs

    def rank(self, keys: Keys, costs: SchemaCosts) -> list[tuple[float, str]]:
        """Bits saved by joining a schema instead of founding one, best first."""
        shared: dict[str, float] = defaultdict(float)
        for key in sorted(keys):
            for name in islice(self._holders.get(key, ()), CROWDED):
                shared[name] += costs.cost_of_name(key)
        near = sorted(shared, key=lambda name: (-shared[name], name))[:LOOKED_AT]
        alone = Schema([(keys, 1.0)])
        saved = [(costs.saving_of(self.schemas[name], alone), name) for name in near]
        return sorted(saved, key=lambda pair: (-pair[0], pair[1]))
