"""Disjoint sets of numbers: `leader[i]` leads to the smallest number of the set of `i`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence


def join_sets(leader: list[int] | dict[int, int], left: int, right: int) -> None:
    """Makes one set of the two that hold these numbers."""
    first, second = sorted((find_root(leader, left), find_root(leader, right)))
    leader[second] = first


def find_root(leader: Sequence[int] | Mapping[int, int], one: int) -> int:
    while leader[one] != one:
        one = leader[one]
    return one


def group_connected(edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The numbers that edges connect, each group ascending."""
    leader: dict[int, int] = {}
    for left, right in sorted(edges):
        for one in (left, right):
            leader.setdefault(one, one)
        join_sets(leader, left, right)
    groups: dict[int, list[int]] = defaultdict(list)
    for one in sorted(leader):
        groups[find_root(leader, one)].append(one)
    return list(groups.values())
