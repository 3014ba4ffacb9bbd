"""The cache of entries by project: bounded, and fresh enough for readers."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest

from featurememory.process.project_cache import ProjectCache


@dataclass
class Numbered:
    number: int
    checked: float = 100.0


def filled(count: int) -> ProjectCache[Numbered]:
    cache: ProjectCache[Numbered] = ProjectCache()
    for number in range(count):
        cache.keep(UUID(int=number), Numbered(number))
    return cache


def numbers(cache: ProjectCache[Numbered]) -> list[int]:
    return [entry.number for entry in cache.list_entries()]


def test_the_least_recently_used_entry_is_evicted() -> None:
    cache = filled(ProjectCache.SIZE)
    cache.find(UUID(int=0))
    cache.keep(UUID(int=99), Numbered(99))

    assert numbers(cache) == [*range(2, ProjectCache.SIZE), 0, 99]


def test_readers_get_an_entry_only_while_it_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, now = filled(1), [101.9]
    monkeypatch.setattr("featurememory.process.project_cache.time.monotonic", lambda: now[0])

    assert cache.find_fresh(UUID(int=0)) == Numbered(0)
    now[0] = 102.1
    assert cache.find_fresh(UUID(int=0)) is None
    assert cache.find(UUID(int=0)) == Numbered(0)


def test_one_project_or_all_are_dropped() -> None:
    cache = filled(3)
    cache.drop(UUID(int=1))
    assert numbers(cache) == [0, 2]

    cache.drop()
    assert numbers(cache) == []
