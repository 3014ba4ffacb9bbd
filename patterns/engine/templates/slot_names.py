"""Names for slots, read off the words before them."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_SLOTS = 14
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]*")


# Words that name nothing by themselves: the word before them says what the slot is about.
_LITTLE = (
    "a an and as at by for from in into is no of on or per than that the this to under was with"
)
LITTLE = frozenset(_LITTLE.split())


def name_slot(before: str, kind: str, taken: Mapping[str, object]) -> str:
    """A name people recognise, from the words before the slot and the type where it adds something.

    >>> name_slot("It was due on ", "date", {}), name_slot("Translate into ", "text", {})
    ('due_date', 'translate_into')
    """
    words = [word.lower() for word in _WORDS.findall(before[-40:])]
    little = words.pop() if words and words[-1] in LITTLE else ""
    while words and words[-1] in LITTLE:
        words.pop()
    stem = words[-1] if words and len(words[-1]) > 1 else ""
    name = _join_name(stem, little, kind)
    if name not in taken:
        return name
    return next(f"{name}_{i}" for i in range(2, 10_000) if f"{name}_{i}" not in taken)


def names_nothing(before: str) -> bool:
    """Whether the words before a slot are little ones only, or none."""
    return all(word.lower() in LITTLE for word in _WORDS.findall(before[-40:]))


def _join_name(stem: str, little: str, kind: str) -> str:
    stem, little = (stem, little) if stem else (little, "")
    if not stem:
        return kind
    if kind in ("id", "number", "url", "date", "email", "path", "uuid"):
        return stem if stem == kind else f"{stem}_{kind}"
    return f"{stem}_{little}" if little else stem
