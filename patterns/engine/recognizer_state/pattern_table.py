"""The patterns of a recogniser: their states, which groups they own, and how many bytes they take."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from patterns.engine.pattern.pattern_state import PatternState


class Eviction(msgspec.Struct, frozen=True):
    """Which pattern was evicted, and over which limit."""

    id: str
    reason: str


class PatternChanges(msgspec.Struct, frozen=True):
    """Ids of the patterns changed, and the evictions, since the last call."""

    changed: tuple[str, ...] = ()
    evicted: tuple[Eviction, ...] = ()


class PatternTable:
    """Pattern states by id, in the order they came in.

    `owners` maps the key of a group to the id of its pattern: several groups may lead to one
    pattern, and a key may outlive the state. `bytes` is the sum of `sizes`, the encoded size of
    each pattern when it was last measured.
    """

    def __init__(self) -> None:
        self.states: dict[str, PatternState] = {}
        self.owners: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.bytes = 0
        self._changed: dict[str, None] = {}
        self._evicted: list[Eviction] = []

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[PatternState]:
        return iter(list(self.states.values()))

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.states

    def get(self, identifier: str) -> PatternState:
        """KeyError when there is none."""
        return self.states[identifier]

    def owner(self, key: str) -> PatternState | None:
        """The pattern a group leads to."""
        return self.states.get(self.owners.get(key, ""))

    def add(self, state: PatternState) -> None:
        """Takes in a pattern, or its new state; its key leads to it from now on."""
        self.states[state.id] = state
        self.owners[state.key or state.id] = state.id

    def release(self, identifier: str) -> PatternState | None:
        """Forgets the state of a pattern, but not which groups led to it."""
        self.bytes -= self.sizes.pop(identifier, 0)
        return self.states.pop(identifier, None)

    def touch(self, identifier: str) -> None:
        """Notes that the pattern changed and has to be stored."""
        self._changed[identifier] = None

    def measure(self, state: PatternState) -> None:
        """Counts the bytes the pattern takes now."""
        size = state.size_bytes
        self.bytes += size - self.sizes.get(state.id, 0)
        self.sizes[state.id] = size

    def note_eviction(self, eviction: Eviction) -> None:
        self._evicted.append(eviction)

    def take_changes(self) -> PatternChanges:
        """What changed since the last call."""
        alive = tuple(identifier for identifier in self._changed if identifier in self)
        changes = PatternChanges(alive, tuple(self._evicted))
        self._changed.clear()
        self._evicted.clear()
        return changes
