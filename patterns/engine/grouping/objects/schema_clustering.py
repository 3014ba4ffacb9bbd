"""Objects grouped into schemas by their keys, all at once: the cheapest partition that is found.

Joining goes bottom up, the pair of groups that saves most first; then whatever has a key in
common is tried at once, then single key sets move to where they cost least.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from patterns.engine.domain.arrays import Floats
from patterns.engine.domain.digests import digest64
from patterns.engine.grouping.objects.schema_cost import COUNTED, Keys, Schema, SchemaCosts
from patterns.engine.grouping.objects.schema_index import SchemaIndex

MOST = 1500  # key sets grouped at once, the most used; the others follow
MOST_KEYS = 20_000  # in all of them
PER_KEY = 48  # of these with the same rarest key: enough to tell which keys go together
NEIGHBOURS = 24  # most similar key sets that one is compared with
ROUNDS, MOVES = 3, 3
_CLEAR = 1e-6  # bits


def group_sets(uses: Mapping[Keys, int]) -> dict[Keys, int]:
    """The number of its schema for each key set; the same for any order of them."""
    ranked = sorted(uses, key=lambda keys: (-uses[keys], digest64("\n".join(sorted(keys)))))
    chosen = _chosen(ranked)
    sets = sorted(chosen, key=sorted)
    weights = [float(min(COUNTED, uses[keys])) for keys in sets]
    groups = list(range(len(sets)))
    near = _neighbours(sets)
    for _ in range(ROUNDS):
        found = _Grouping(sets, weights, near, _costs(sets, weights, groups)).run()
        if found == groups:
            break
        groups = found
    grouped = dict(zip(sets, groups, strict=True))
    rest = [keys for keys in ranked if keys not in grouped]
    return grouped | _followers(rest, grouped, weights)


def _chosen(ranked: Sequence[Keys]) -> list[Keys]:
    holders = Counter(key for keys in ranked for key in keys)
    taken: Counter[str] = Counter()
    chosen: list[Keys] = []
    room = MOST_KEYS
    for keys in ranked:
        rarest = min(keys, key=lambda key: (holders[key], key))
        if taken[rarest] < PER_KEY and len(chosen) < MOST and len(keys) <= room:
            taken[rarest] += 1
            room -= len(keys)
            chosen.append(keys)
    return chosen


def _costs(sets: Sequence[Keys], weights: Sequence[float], groups: Sequence[int]) -> SchemaCosts:
    holders: dict[str, set[int]] = defaultdict(set)
    for keys, group in zip(sets, groups, strict=True):
        for key in keys:
            holders[key].add(group)
    counts = {key: len(found) for key, found in holders.items()}
    return SchemaCosts(len(set(groups)), counts, sum(weights))


def _followers(
    rest: Sequence[Keys], grouped: Mapping[Keys, int], weights: Sequence[float]
) -> dict[Keys, int]:
    """The schemas of the least used key sets: none of them teaches the next one."""
    index = SchemaIndex()
    members: dict[int, list[tuple[Keys, float]]] = defaultdict(list)
    for (keys, group), weight in zip(grouped.items(), weights, strict=True):
        members[group].append((keys, weight))
    for group in sorted(members) if rest else ():
        index.put(str(group), Schema(members[group]))
    costs = index.costs()
    found: dict[Keys, int] = {}
    for number, keys in enumerate(rest, len(grouped)):
        ranked = index.ranked(keys, costs)
        found[keys] = int(ranked[0][1]) if ranked and ranked[0][0] > 0 else number
    return found


def _neighbours(sets: Sequence[Keys]) -> list[list[int]]:
    """For each key set the others most similar to it (weighted Jaccard, rare keys first)."""
    column = {key: place for place, key in enumerate(sorted(set().union(*sets)))}
    has = np.zeros((len(sets), len(column)), dtype=np.float32)
    for row, keys in enumerate(sets):
        has[row, [column[key] for key in keys]] = 1.0
    has *= np.sqrt(np.log2(1 + len(sets) / np.maximum(1, has.sum(0))))
    common = has @ has.T
    own = np.diag(common)
    alike = (common / np.maximum(1e-9, own[:, None] + own - common)).round(4)
    np.fill_diagonal(alike, 0.0)
    return [_nearest(row) for row in alike]


def _nearest(alike: Floats) -> list[int]:
    order = np.argsort(-alike, kind="stable")[:NEIGHBOURS]
    return [int(place) for place in order if alike[place] > 0]


class _Grouping:
    """Joins the two groups that save most until nothing is saved, then moves single key sets."""

    def __init__(
        self,
        sets: Sequence[Keys],
        weights: Sequence[float],
        near: Sequence[Sequence[int]],
        costs: SchemaCosts,
    ) -> None:
        self.sets, self.weights, self.costs = sets, weights, costs
        self.group = list(range(len(sets)))
        self.members = {number: [number] for number in self.group}
        self.schemas = {number: self._schema([number]) for number in self.group}
        self.cost = {number: costs.of(schema) for number, schema in self.schemas.items()}
        self.near: list[set[int]] = [set(row) for row in near]
        for number, row in enumerate(near):
            for other in row:
                self.near[other].add(number)
        self.beside = {number: set(row) for number, row in enumerate(self.near)}
        self.heap: list[tuple[float, int, int, int, int]] = []

    def run(self) -> list[int]:
        for number in self.group:
            for other in sorted(self.beside[number]):
                if number < other:
                    self._propose(number, other)
        while self.heap:
            _, one, other, size, other_size = heapq.heappop(self.heap)
            if self._has(one, size) and self._has(other, other_size):
                self._join(one, other)
        self._join_by_keys()
        for _ in range(MOVES):
            moved = [self._move(number) for number in range(len(self.sets))]
            if not any(moved):
                break
        names: dict[int, int] = {}
        return [names.setdefault(name, len(names)) for name in self.group]

    def _has(self, name: int, size: int) -> bool:
        """Whether the group is still what it was: joining only adds to it."""
        return len(self.members.get(name, ())) == size

    def _schema(self, members: Sequence[int]) -> Schema:
        return Schema((self.sets[number], self.weights[number]) for number in members)

    def _propose(self, one: int, other: int) -> None:
        joined = self.costs.of(self.schemas[one].joined(self.schemas[other]))
        saved = self.cost[one] + self.cost[other] - joined
        if saved > _CLEAR:
            sizes = len(self.members[one]), len(self.members[other])
            heapq.heappush(self.heap, (-round(saved, 6), one, other, *sizes))

    def _join_by_keys(self) -> None:
        """All groups that have a key at once: pairs of them may save nothing before all are one."""
        holders: dict[str, list[int]] = defaultdict(list)
        for name in sorted(self.schemas):
            for key in self.schemas[name].masks:
                holders[key].append(name)
        for key in sorted(holders, key=lambda key: (len(holders[key]), key)):
            names = sorted({self.group[name] for name in holders[key]})
            if len(names) > 1:
                self._join_all(names)

    def _join_all(self, names: Sequence[int]) -> None:
        joined = Schema()
        for name in names:
            joined = joined.joined(self.schemas[name])
        if sum(self.cost[name] for name in names) - self.costs.of(joined) > _CLEAR:
            for name in names[1:]:
                self._join(names[0], name)

    def _join(self, one: int, other: int) -> None:
        schema = self.schemas[one].joined(self.schemas.pop(other))
        self._set(one, self.members[one] + self.members.pop(other), schema)
        del self.cost[other]
        for beside in self.beside.pop(other):
            self.beside[beside].discard(other)
            if beside != one:
                self.beside[beside].add(one)
                self.beside[one].add(beside)
        for beside in sorted(self.beside[one]):
            self._propose(min(one, beside), max(one, beside))

    def _move(self, number: int) -> bool:
        """To the group where the key set costs least."""
        home, members = self.group[number], self.members[self.group[number]]
        keys, weight = self.sets[number], self.weights[number]
        rest = self.schemas[home].without(members.index(number), keys, weight)
        alone = self._schema([number])
        costs = [(self.cost[home] - self.costs.of(rest) - _CLEAR, -1, home)]
        if len(members) > 1:
            fresh = max(len(self.sets), max(self.members) + 1)
            costs.append((self.costs.of(alone), 0, fresh))
        for name in sorted({self.group[other] for other in self.near[number]} - {home}):
            joined = self.costs.of(self.schemas[name].joined(alone))
            costs.append((joined - self.cost[name], 1, name))
        _, _, best = min(costs)
        if best == home:
            return False
        self._set(home, [other for other in members if other != number])
        self._set(best, [*self.members.get(best, ()), number])
        return True

    def _set(self, name: int, members: list[int], schema: Schema | None = None) -> None:
        if not members:
            del self.members[name], self.schemas[name], self.cost[name]
            return
        self.members[name] = members
        self.schemas[name] = schema or self._schema(members)
        self.cost[name] = self.costs.of(self.schemas[name])
        for number in members:
            self.group[number] = name
