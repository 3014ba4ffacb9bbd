"""What a slot has held: its type and most frequent values, in bounded memory."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from patterns.engine.domain.digests import digest64, digest_hex, replace_surrogates
from patterns.engine.domain.observation import Json
from patterns.engine.domain.results import Slot, ValueShare
from patterns.engine.text.json_text import write_json
from patterns.engine.text.value_types import classify_value

KEPT = 8  # values counted by name; the rarest gives way (SpaceSaving, Metwally et al. 2005)
LONGEST_VALUE = 40
REGISTERS = 64  # of the distinct counter: standard error about 13 %
SHOWN = 5


class SlotSketch(msgspec.Struct, array_like=True):
    """Counts of one slot's values, at most about 750 bytes.

    A value takes over the count of the one that gave way to it: `errors` tells, in the order of
    `counts`, by how much each count may therefore be too high. `counts` may add up to less than
    `uses`, since values of old texts are forgotten.
    """

    name: str
    counts: dict[str, int] = {}
    kinds: dict[str, int] = {}
    uses: int = 0
    lowest: list[int] = []
    errors: list[int] = []

    def __post_init__(self) -> None:
        if len(self.errors) != len(self.counts):  # stored before errors were kept
            self.errors = self._bound_errors()

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
            return
        error = self._drop_rarest() if len(self.counts) >= KEPT else 0
        self.counts[text] = error + 1
        self.errors.append(error)

    def _drop_rarest(self) -> int:
        """The count of the value that gives way."""
        least = min(self.counts.values())
        rarest = min((k for k, n in self.counts.items() if n == least), key=_tie_breaker)
        del self.errors[list(self.counts).index(rarest)]
        return self.counts.pop(rarest)

    def _bound_errors(self) -> list[int]:
        """The greatest errors these counts can have. The count of what gave way was the smallest one,
        which only grows until values are forgotten; and every value was seen once at least.
        """
        if self.distinct <= KEPT:
            return [0] * len(self.counts)
        smallest = min(self.counts.values()) if len(self.counts) >= KEPT else 0
        return [min(n - 1, smallest + self._forgotten) for n in self.counts.values()]

    @property
    def _forgotten(self) -> int:
        """Uses that no count tells of any more."""
        return max(0, self.uses - sum(self.counts.values()))

    @property
    def certain(self) -> dict[str, int]:
        """How many uses surely had each value."""
        known = zip(self.counts.items(), self.errors, strict=True)
        return {value: n - error for (value, n), error in known}

    def forget_rare(self, least: int) -> None:
        """Only values that surely had so many uses stay."""
        certain = self.certain
        self.errors = [n - certain[v] for v, n in self.counts.items() if certain[v] >= least]
        self.counts = {v: n for v, n in self.counts.items() if certain[v] >= least}

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

    def rank_values(self) -> list[ValueShare]:
        """All values counted by name, the surely most frequent first."""
        uses, more, certain = max(1, self.uses), self._forgotten, self.certain
        found = [
            ValueShare(value, min(1.0, certain[value] / uses), min(1.0, (n + more) / uses))
            for value, n in self.counts.items()
        ]
        return sorted(found, key=lambda one: (-one.share, -one.at_most, one.value))

    def summary(self) -> Slot:
        recurring = self.distinct <= KEPT
        shown = [one for one in self.rank_values() if recurring or self.counts[one.value] > 1]
        return Slot(self.name, self.type, self.distinct, tuple(shown[:SHOWN]))


# The same few values are compared again with each new one.
_tie_breaker = lru_cache(maxsize=1024)(digest_hex)


def write_slot_value(value: Json) -> str:
    """A value as a sketch counts it by name: what a split by slot tells parts by."""
    return _clip_value(_write_value(value))


def _write_value(value: Json) -> str:
    return replace_surrogates(value if isinstance(value, str) else write_json(value))


def _clip_value(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
