"""What a slot has held: its type and most frequent values, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from patterns.engine.identity import clean, digest64, short_digest
from patterns.engine.observation import Json
from patterns.engine.pattern import Slot
from patterns.engine.structure import plain
from patterns.engine.tokens import tokenize

KEPT = 8  # values counted by name; the rarest gives way (SpaceSaving, Metwally et al. 2005)
LONGEST_VALUE = 40
REGISTERS = 64  # of the distinct counter: standard error about 13 %
SHOWN = 5
MOST_SLOTS = 14
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]*")


class SlotSketch(msgspec.Struct, array_like=True):
    """Counts of one slot's values. Mergeable, at most about 700 bytes."""

    name: str
    counts: dict[str, int] = {}
    kinds: dict[str, int] = {}
    uses: int = 0
    lowest: list[int] = []

    def add(self, value: Json) -> None:
        text = clean(value if isinstance(value, str) else plain(value))
        self.uses += 1
        kind = type_of(value)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self._count(_clipped(text))
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
_tie_breaker = lru_cache(maxsize=1024)(short_digest)


def type_of(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "vector" if value and all(isinstance(v, int | float) for v in value) else "json"
    if isinstance(value, str):
        return _type_of_text(value)
    return "json"


def _type_of_text(text: str) -> str:
    stripped = text.strip()
    if "```" in stripped:
        return "code"
    tokens = tokenize(stripped[:400])
    if len(tokens) == 1:
        return {"hex": "id", "word": "text", "mark": "text", "break": "text"}.get(
            tokens[0].kind, tokens[0].kind
        )
    if stripped[:1] in "/~" and " " not in stripped:
        return "path"
    if len(stripped) > 1 and stripped[0] in "\"'" and stripped[-1] == stripped[0]:
        return "quoted"
    return "id" if " " not in stripped and any(c.isdigit() for c in stripped) else "text"


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


# Words that name nothing by themselves: the word before them says what the slot is about.
_LITTLE = (
    "a an and as at by for from in into is no of on or per than that the this to under was with"
)
LITTLE = frozenset(_LITTLE.split())


def name_for(before: str, kind: str, taken: Mapping[str, object]) -> str:
    """A name people recognise, from the words before the slot and the type where it adds something.

    >>> name_for("It was due on ", "date", {}), name_for("Translate into ", "text", {})
    ('due_date', 'translate_into')
    """
    words = [word.lower() for word in _WORDS.findall(before[-40:])]
    little = words.pop() if words and words[-1] in LITTLE else ""
    while words and words[-1] in LITTLE:
        words.pop()
    stem = words[-1] if words and len(words[-1]) > 1 else ""
    name = _joined(stem, little, kind)
    if name not in taken:
        return name
    return next(f"{name}_{i}" for i in range(2, 10_000) if f"{name}_{i}" not in taken)


def names_nothing(before: str) -> bool:
    """Whether the words before a slot are little ones only, or none."""
    return all(word.lower() in LITTLE for word in _WORDS.findall(before[-40:]))


def _joined(stem: str, little: str, kind: str) -> str:
    stem, little = (stem, little) if stem else (little, "")
    if not stem:
        return kind
    if kind in ("id", "number", "url", "date", "email", "path", "uuid"):
        return stem if stem == kind else f"{stem}_{kind}"
    return f"{stem}_{little}" if little else stem
