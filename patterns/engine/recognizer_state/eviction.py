"""What goes when there is no more room: the pattern worth least for its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from patterns.engine.pattern.retention_value import worth

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer

SLACK = 0.05  # share of the patterns evicted at once, so that the search for them is rare


class Eviction(msgspec.Struct, frozen=True):
    """A receipt: why a pattern went, what it was worth (uses to come) and the bytes it freed."""

    id: str
    reason: str
    value: float
    bytes: int


class Changes(msgspec.Struct, frozen=True):
    """What happened to the patterns since the last question."""

    changed: tuple[str, ...] = ()
    evicted: tuple[Eviction, ...] = ()


def evict(recognizer: DefaultPatternRecognizer, newest: str) -> list[Eviction]:
    """Makes room while there are too many patterns or bytes; never a pinned one or the newest."""
    limit, budget = recognizer.settings.max_patterns, recognizer.settings.max_bytes
    over_count = len(recognizer) > limit
    if not over_count and recognizer.bytes <= budget:
        return []
    reason = "max_patterns" if over_count else "max_bytes"
    enough = limit - int(SLACK * limit)
    gone: list[Eviction] = []
    for value, identifier in _ranked(recognizer, newest):
        if len(recognizer) <= (enough if over_count else limit) and recognizer.bytes <= budget:
            break
        size = recognizer.sizes[identifier]
        recognizer.drop(identifier)
        gone.append(Eviction(identifier, reason, value, size))
    return gone


def _ranked(recognizer: DefaultPatternRecognizer, newest: str) -> list[tuple[float, str]]:
    """(worth, id), the least worth a byte first."""
    sizes = recognizer.sizes
    ranked = sorted(
        (worth(s, recognizer.now) / max(1, sizes[s.id]), s.last_used, s.id)
        for s in recognizer
        if not s.pinned and s.id != newest
    )
    return [(each * sizes[identifier], identifier) for each, _, identifier in ranked]
