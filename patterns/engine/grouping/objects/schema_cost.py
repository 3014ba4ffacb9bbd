"""What a schema of objects costs in bits, by the keys its objects have and lack.

A schema names its keys (a key that many schemas have is cheap to name) and then says of each object
which of its keys are there; an object also says which schema it is of. Keys that always come
together are one choice. So optional keys of one schema are cheaper together, and two schemas whose
keys exclude each other are cheaper apart: the minimum description length (Rissanen, 1978) of a
mixture of key sets. A choice costs what Krichevsky and Trofimov (1981) ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

Keys = frozenset[str]

COUNTED = 8  # uses of one key set; more of them prove nothing about others
NEW_SCHEMA = 3.0  # bits for one more schema
TIED = 1.0  # bits for each further key of a choice
_RARE = 8  # a key that fewer than one schema in so many has is not missed


class Schema:
    """Some different key sets, `weight` in all.

    `counts` is the weight of the sets with a key, `masks` has a bit for each of these sets.
    """

    __slots__ = ("counts", "masks", "size", "weight")

    def __init__(self, sets: Iterable[tuple[Keys, float]] = ()) -> None:
        self.size, self.weight = 0, 0.0
        self.masks: dict[str, int] = {}
        self.counts: dict[str, float] = {}
        for keys, weight in sets:
            self._add(keys, weight)

    def _add(self, keys: Keys, weight: float) -> None:
        bit = 1 << self.size
        for key in keys:
            self.masks[key] = self.masks.get(key, 0) | bit
            self.counts[key] = self.counts.get(key, 0.0) + weight
        self.size, self.weight = self.size + 1, self.weight + weight

    def joined(self, other: Schema) -> Schema:
        both = Schema()
        both.size, both.weight = self.size + other.size, self.weight + other.weight
        both.masks, both.counts = dict(self.masks), dict(self.counts)
        for key, mask in other.masks.items():
            both.masks[key] = both.masks.get(key, 0) | mask << self.size
            both.counts[key] = both.counts.get(key, 0.0) + other.counts[key]
        return both

    def without(self, place: int, keys: Keys, weight: float) -> Schema:
        """What is left when the set that came as number `place` (from 0) goes."""
        rest = Schema()
        rest.size, rest.weight = self.size, self.weight - weight
        rest.masks, rest.counts = dict(self.masks), dict(self.counts)
        for key in keys:
            rest.masks[key] &= ~(1 << place)
            rest.counts[key] -= weight
            if not rest.masks[key]:
                del rest.masks[key], rest.counts[key]
        return rest


class SchemaCosts:
    """Costs in bits where `holders` tells how many of the `number` schemas have a key.

    `total` is the weight of all objects.
    """

    def __init__(self, number: int, holders: Mapping[str, int], total: float) -> None:
        self.number, self.holders, self.total = max(1, number), holders, max(1.0, total)
        self._known: dict[Schema, float] = {}
        # What every schema would pay for having none of the keys that many schemas have.
        self.bare = sum(self._cost_of_lacking(n) for n in holders.values() if n * _RARE > number)

    def _cost_of_lacking(self, holders: int) -> float:
        return -math.log2(1 - (holders + 0.5) / (self.number + 1.5))

    def cost_of_name(self, key: str) -> float:
        """For having a key and not lacking it; one that nobody has would be the first."""
        held = max(1, self.holders.get(key, 0))
        price = math.log2((self.number + 1.5) / (held + 0.5))
        return price - self._cost_of_lacking(held) if held * _RARE > self.number else price

    def cost_of(self, schema: Schema) -> float:
        return self._add_up(schema) if schema.weight else 0.0

    def _add_up(self, schema: Schema) -> float:
        price = NEW_SCHEMA + self.bare
        price += schema.weight * math.log2(max(1.0, self.total / schema.weight))
        choices: set[int] = set()
        for key, mask in schema.masks.items():
            price += self.cost_of_name(key)
            if mask not in choices:
                choices.add(mask)
                price += count_choice_bits(schema.counts[key], schema.weight)
            elif schema.counts[key] < schema.weight:
                price += TIED
        return price

    def saving_of(self, one: Schema, other: Schema) -> float:
        """Bits saved when the two are one schema. What `one` costs is remembered."""
        if one not in self._known:
            self._known[one] = self.cost_of(one)
        return self._known[one] + self.cost_of(other) - self.cost_of(one.joined(other))


@lru_cache(maxsize=8192)
def count_choice_bits(count: float, total: float) -> float:
    """Bits for saying which `count` of `total` objects have a key."""
    own = math.lgamma(count + 0.5) + math.lgamma(total - count + 0.5) - math.lgamma(total + 1)
    return (math.log(math.pi) - own) / math.log(2)
