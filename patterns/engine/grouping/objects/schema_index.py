"""The kinds of objects known so far, found by the keys they have."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

from patterns.engine.grouping.objects.schema_cost import Keys, Kind, Prices

LOOKED_AT = 8  # kinds that are priced for a new key set, those that share most with it
CROWDED = 400  # kinds with one key that are looked at


class KindIndex:
    """Kinds by name, found by the keys they have."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.weight = 0.0
        self._holders: dict[str, dict[str, None]] = {}
        self._prices: Prices | None = None

    def put(self, name: str, kind: Kind) -> None:
        """Takes the place of the kind of that name."""
        self.drop(name)
        self._prices = None
        self.kinds[name] = kind
        self.weight += kind.weight
        for key in kind.masks:
            self._holders.setdefault(key, {})[name] = None

    def drop(self, name: str) -> None:
        kind = self.kinds.pop(name, None)
        if kind is None:
            return
        self._prices = None
        self.weight -= kind.weight
        for key in kind.masks:
            self._holders[key].pop(name)
            if not self._holders[key]:
                del self._holders[key]

    def prices(self) -> Prices:
        if self._prices is None:
            counts = {key: len(found) for key, found in self._holders.items()}
            self._prices = Prices(len(self.kinds), counts, self.weight)
        return self._prices

    def ranked(self, keys: Keys, prices: Prices) -> list[tuple[float, str]]:
        """Bits saved by joining a kind instead of founding one, best first."""
        shared: dict[str, float] = defaultdict(float)
        for key in sorted(keys):
            for name in islice(self._holders.get(key, ()), CROWDED):
                shared[name] += prices.name(key)
        near = sorted(shared, key=lambda name: (-shared[name], name))[:LOOKED_AT]
        alone = Kind([(keys, 1.0)])
        saved = [(prices.saved(self.kinds[name], alone), name) for name in near]
        return sorted(saved, key=lambda pair: (-pair[0], pair[1]))
