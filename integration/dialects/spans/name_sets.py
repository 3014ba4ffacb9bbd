"""The names of a span's attributes, and what follows from them alone.

An instrumentation gives nearly all its spans the same names, so this is worked out once for many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from integration.dialects.otlp.span import Span

T = TypeVar("T")
# A service has some ten sets, each of 20 names of 20 letters. Hostile ones fill 25 MB.
MOST_KEPT, MOST_NAMES, MOST_LETTERS = 200, 200, 10_000


class NameSet:
    """Names in the order of a span. `areas` are their first parts, their first two and themselves."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._all = frozenset(self.names)
        self.areas = frozenset(area for name in self.names for area in areas_of(name))
        self._under: dict[str, tuple[tuple[str, str], ...]] = {}
        self._present: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._plans: dict[Wanted, Plan] = {}
        self._derived: dict[Callable[[NameSet], Any], Any] = {}

    def under(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """The names that begin so, each with the rest of it."""
        found = self._under.get(prefix)
        if found is None:
            begin = len(prefix)
            found = tuple((n, n[begin:]) for n in self.names if n.startswith(prefix))
            self._under[prefix] = found
        return found

    def present(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the wanted names that are there, in the order they are wanted."""
        found = self._present.get(wanted)
        if found is None:
            found = self._present[wanted] = tuple(n for n in wanted if n in self._all)
        return found

    def plan(self, wanted: Wanted) -> Plan:
        """What of the wanted members is there."""
        found = self._plans.get(wanted)
        if found is None:
            there = ((member, self.present(names)) for member, names in wanted.members.items())
            found = self._plans[wanted] = Plan([(m, names) for m, names in there if names])
        return found

    def derive(self, make: Callable[[NameSet], T]) -> T:
        """What `make`, a constant, makes of the names; made once."""
        if make not in self._derived:
            self._derived[make] = make(self)
        found: T = self._derived[make]
        return found


class Wanted:
    """Members, each with the names it may have: the first that is not empty holds it."""

    def __init__(self, **members: str | tuple[str, ...]) -> None:
        self.members = {
            member: names if isinstance(names, tuple) else (names,)
            for member, names in members.items()
        }


class Plan:
    """The members that a set of names has, each with its names, and all those names."""

    def __init__(self, members: list[tuple[str, tuple[str, ...]]]) -> None:
        self.members = members
        self.names = frozenset(name for _, names in members for name in names)


def areas_of(name: str) -> tuple[str, ...]:
    """`llm`, `llm.usage` and `llm.usage.total_tokens` of the last."""
    first, *rest = name.split(".", 2)
    return (first, f"{first}.{rest[0]}", name) if rest else (name,)


def name_set_of(names: Iterable[str]) -> NameSet:
    found = tuple(names)
    known = _kept.get(found)
    if known is None:
        known = NameSet(found)
        if len(found) <= MOST_NAMES and sum(map(len, found)) <= MOST_LETTERS:
            keep(found, known)
    return known


def keep(names: tuple[str, ...], made: NameSet) -> None:
    """Full of sets that come no more, it begins anew: those in use are back with the next request."""
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[names] = made


_kept: dict[tuple[str, ...], NameSet] = {}


def names_of(span: Span) -> NameSet:
    """Of a span's attributes; asked for several times."""
    found: NameSet | None = span.names
    if found is None:
        found = span.names = name_set_of(span.attributes)
    return found
