"""Objects grouped into schemas by their keys, all at once: the cheapest partition that is found.

Joining goes bottom up, the pair of groups that saves most first; then whatever has a key in
common is tried at once, then single key sets move to where they cost least.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from patterns.engine.domain.arrays import Floats
from patterns.engine.domain.digests import digest64
from patterns.engine.grouping.objects.schema_cost import COUNTED, Keys, Schema, SchemaCosts
from patterns.engine.grouping.objects.schema_index import SchemaIndex
from patterns.engine.grouping.objects.schema_merging import SchemaMerging

MOST = 1500  # key sets grouped at once, the most used; the others follow
MOST_KEYS = 20_000  # in all of them
PER_KEY = 48  # of these with the same rarest key: enough to tell which keys go together
NEIGHBOURS = 24  # most similar key sets that one is compared with
ROUNDS = 3


def cluster_key_sets(uses: Mapping[Keys, int]) -> dict[Keys, int]:
    """The number of its schema for each key set; the same for any order of them."""
    ranked = sorted(uses, key=lambda keys: (-uses[keys], digest64("\n".join(sorted(keys)))))
    chosen = _choose_sets(ranked)
    sets = sorted(chosen, key=sorted)
    weights = [float(min(COUNTED, uses[keys])) for keys in sets]
    groups = list(range(len(sets)))
    near = _find_neighbours(sets)
    for _ in range(ROUNDS):
        found = SchemaMerging(sets, weights, near, _set_costs(sets, weights, groups)).run()
        if found == groups:
            break
        groups = found
    grouped = dict(zip(sets, groups, strict=True))
    rest = [keys for keys in ranked if keys not in grouped]
    return grouped | _assign_rest(rest, grouped, weights)


def _choose_sets(ranked: Sequence[Keys]) -> list[Keys]:
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


def _set_costs(
    sets: Sequence[Keys], weights: Sequence[float], groups: Sequence[int]
) -> SchemaCosts:
    holders: dict[str, set[int]] = defaultdict(set)
    for keys, group in zip(sets, groups, strict=True):
        for key in keys:
            holders[key].add(group)
    counts = {key: len(found) for key, found in holders.items()}
    return SchemaCosts(len(set(groups)), counts, sum(weights))


def _assign_rest(
    rest: Sequence[Keys], grouped: Mapping[Keys, int], weights: Sequence[float]
) -> dict[Keys, int]:
    """The schemas of the least used key sets: each is assigned by itself, without changing the schemas."""
    index = SchemaIndex()
    members: dict[int, list[tuple[Keys, float]]] = defaultdict(list)
    for (keys, group), weight in zip(grouped.items(), weights, strict=True):
        members[group].append((keys, weight))
    for group in sorted(members) if rest else ():
        index.put(str(group), Schema(members[group]))
    costs = index.costs()
    found: dict[Keys, int] = {}
    for number, keys in enumerate(rest, len(grouped)):
        ranked = index.rank(keys, costs)
        found[keys] = int(ranked[0][1]) if ranked and ranked[0][0] > 0 else number
    return found


def _find_neighbours(sets: Sequence[Keys]) -> list[list[int]]:
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
    return [_find_nearest(row) for row in alike]


def _find_nearest(alike: Floats) -> list[int]:
    order = np.argsort(-alike, kind="stable")[:NEIGHBOURS]
    return [int(place) for place in order if alike[place] > 0]
