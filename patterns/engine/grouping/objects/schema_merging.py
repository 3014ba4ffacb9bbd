"""Key sets joined into schemas bottom up, as long as a join makes all of them cheaper."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence

from patterns.engine.grouping.objects.schema_cost import Keys, Schema, SchemaCosts

MOVES = 3
_CLEAR = 1e-6  # bits


class SchemaMerging:
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
        self.schemas = {number: self._build_schema([number]) for number in self.group}
        self.cost = {number: costs.cost_of(schema) for number, schema in self.schemas.items()}
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

    def _build_schema(self, members: Sequence[int]) -> Schema:
        return Schema((self.sets[number], self.weights[number]) for number in members)

    def _propose(self, one: int, other: int) -> None:
        joined = self.costs.cost_of(self.schemas[one].joined(self.schemas[other]))
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
        if sum(self.cost[name] for name in names) - self.costs.cost_of(joined) > _CLEAR:
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
        alone = self._build_schema([number])
        costs = [(self.cost[home] - self.costs.cost_of(rest) - _CLEAR, -1, home)]
        if len(members) > 1:
            fresh = max(len(self.sets), max(self.members) + 1)
            costs.append((self.costs.cost_of(alone), 0, fresh))
        for name in sorted({self.group[other] for other in self.near[number]} - {home}):
            joined = self.costs.cost_of(self.schemas[name].joined(alone))
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
        self.schemas[name] = schema or self._build_schema(members)
        self.cost[name] = self.costs.cost_of(self.schemas[name])
        for number in members:
            self.group[number] = name
