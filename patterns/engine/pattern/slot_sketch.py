"""What a slot has held: its type and most frequent values, in bounded memory."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from patterns.engine.domain.digests import digest64, digest_hex, replace_surrogates
from patterns.engine.domain.observation import Json
from patterns.engine.domain.results import Slot
from patterns.engine.text.json_text import write_json
from patterns.engine.text.value_types import classify_value

KEPT = 8  # values counted by name; the rarest gives way (SpaceSaving, Metwally et al. 2005)
LONGEST_VALUE = 40
REGISTERS = 64  # of the distinct counter: standard error about 13 %
SHOWN = 5


class SlotSketch(msgspec.Struct, array_like=True):
    """Counts of one slot's values. Mergeable, at most about 700 bytes."""

    name: str
    counts: dict[str, int] = {}
    kinds: dict[str, int] = {}
    uses: int = 0
    lowest: list[int] = []

    def add(self, value: Json) -> None:
        text = _write_value(value)
        self.uses += 1
        kind = classify_value(value)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self._count(_clip_value(text))
        self._note_distinct(digest64(text))

    def _count(self, text: str) -> None:
        if text in self.counts:
            self.counts[text] += 1
        elif len(self.counts) < KEPT:
            self.counts[text] = 1
        else:
            least = min(self.counts.values())
            rarest = min((k for k, n in self.counts.items() if n == least), key=_tie_breaker)
            self.counts[text] = self.counts.pop(rarest) + 1

    def _note_distinct(self, digest: int) -> None:
        """Keeps the smallest digests (KMV, Bar-Yossef et al. 2002)."""
        small = digest >> 32
        if small in self.lowest or (len(self.lowest) >= REGISTERS and small > self.lowest[-1]):
            return
        self.lowest.append(small)
        self.lowest.sort()
        del self.lowest[REGISTERS:]

    @property
    def distinct(self) -> int:
        if len(self.lowest) < REGISTERS:
            return len(self.lowest)
        return min(self.uses, round((REGISTERS - 1) * 2**32 / max(1, self.lowest[-1])))

    @property
    def type(self) -> str:
        if not self.kinds:
            return "text"
        kind = max(sorted(self.kinds), key=lambda name: self.kinds[name])
        if kind == "text" and self.uses >= 8 and self.distinct <= min(12, self.uses // 4):
            return "category"
        return kind

    def summary(self) -> Slot:
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        recurring = self.distinct <= KEPT
        shown = [(v, n / max(1, self.uses)) for v, n in ranked if recurring or n > 1]
        return Slot(self.name, self.type, self.distinct, tuple(shown))


# The same few values are compared again with each new one.
_tie_breaker = lru_cache(maxsize=1024)(digest_hex)


def write_slot_value(value: Json) -> str:
    """A value as a sketch counts it by name: what a split by slot tells parts by."""
    return _clip_value(_write_value(value))


def _write_value(value: Json) -> str:
    return replace_surrogates(value if isinstance(value, str) else write_json(value))


def _clip_value(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
