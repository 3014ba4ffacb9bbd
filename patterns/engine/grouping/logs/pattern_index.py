"""The groups of log lines known so far, found by the skeleton of a line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias, TypeVar

from patterns.engine.grouping.logs.line_piece import Skeleton
from patterns.engine.grouping.logs.log_group import LogGroup, digest_skeleton
from patterns.engine.grouping.logs.wildcard_patterns import (
    OPEN,
    Form,
    fits,
    fixed_words,
    has_open,
    is_open,
)

NEIGHBOURS = 32  # forms with the same first word that one text is compared with

Entry: TypeAlias = tuple[str, Form]
"""The key of a group, and one of its forms."""

_K = TypeVar("_K")


class PatternIndex:
    """Groups by key, the one used longest ago first.

    An equal skeleton is found by its digest, one that fits an open form by the form's two ends,
    and one that is like a form by its first word.
    """

    def __init__(self) -> None:
        self.groups: dict[str, LogGroup] = {}
        self._exact: dict[int, str] = {}
        self._near: dict[Skeleton, dict[Entry, None]] = {}  # by the first key
        self._leaves: dict[tuple[str, str], dict[Entry, None]] = {}  # open forms, by both ends

    def add(self, group: LogGroup) -> None:
        """Takes the place of the group of that key."""
        if group.key in self.groups:
            self.remove(group.key)
        self.groups[group.key] = group
        for digest in group.digests:
            self._exact[digest] = group.key
        for form in group.forms:
            self._near.setdefault(form[:1], {})[group.key, form] = None
            if has_open(form):
                self._leaves.setdefault(_find_ends(form), {})[group.key, form] = None

    def remove(self, key: str) -> LogGroup:
        """KeyError for an unknown key."""
        group = self.groups.pop(key)
        for digest in group.digests:
            if self._exact.get(digest) == key:
                del self._exact[digest]
        for form in group.forms:
            _take_out(self._near, form[:1], (key, form))
            _take_out(self._leaves, _find_ends(form), (key, form))
        return group

    def count_use(self, key: str) -> None:
        group = self.groups.pop(key)
        group.uses += 1
        self.groups[key] = group

    def find_equal(self, found: Skeleton) -> LogGroup | None:
        """The group that has seen this skeleton."""
        key = self._exact.get(digest_skeleton(found))
        return None if key is None else self.groups[key]

    def find_fitting(self, found: Skeleton) -> Entry | None:
        """The form with open places that fits and says most."""
        fitting = [(form, key) for key, form in self._open_forms(found) if fits(form, found)]
        if not fitting:
            return None
        form, key = min(fitting, key=lambda pair: (-_count_fixed(pair[0]), pair[1]))
        return key, form

    def neighbours(self, found: Skeleton) -> list[Entry]:
        """Forms that begin with the same word."""
        return list(islice(self._near.get(found[:1], ()), NEIGHBOURS))

    def find_nearest(self, found: Skeleton, key: str) -> tuple[str | None, float]:
        """The other group that shares most words, and the share; (None, 0.0) without one."""
        words = fixed_words(found)
        best: tuple[float, str] | None = None
        for other, form in self.neighbours(found):
            theirs = fixed_words(form) if other != key else frozenset()
            share = len(words & theirs) / max(1, len(words | theirs))
            if share and (best is None or (-share, other) < best):
                best = (-share, other)
        return (None, 0.0) if best is None else (best[1], -best[0])

    def _open_forms(self, found: Skeleton) -> Iterator[Entry]:
        """Forms with open places that begin and end like the skeleton, or openly."""
        first, last = _find_ends(found)
        for ends in ((first, last), (first, OPEN), (OPEN, last), (OPEN, OPEN)):
            yield from self._leaves.get(ends, ())


def _take_out(index: dict[_K, dict[Entry, None]], name: _K, entry: Entry) -> None:
    leaf = index.get(name, {})
    leaf.pop(entry, None)
    if not leaf:
        index.pop(name, None)


def _find_ends(form: Form) -> tuple[str, str]:
    first, last = (form[0], form[-1]) if form else ("", "")
    return OPEN if is_open(first) else first, OPEN if is_open(last) else last


def _count_fixed(form: Form) -> int:
    return sum(not is_open(key) for key in form)
