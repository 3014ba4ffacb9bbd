"""Names for slots, read off the words before them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from patterns.engine.text.payloads.marks import KINDS

MOST_SLOTS = 14
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]*")


# Words that name nothing by themselves: the word before them says what the slot is about.
_LITTLE = (
    "a an and as at by for from in into is no of on or per than that the this to under was with"
)
LITTLE = frozenset(_LITTLE.split())
_PLACES = frozenset({"at", "by", "for", "from", "in", "on", "to", "with"})  # that tell slots apart
QUESTION_FOLLOWS = "\x1e"  # where a user's turn begins
_PAYLOAD_FOLLOWS = re.compile(r"[:：\n>\"“«]\s{0,7}$")
_LABEL = re.compile(r"(?:^|\n)\s{0,8}([^\W\d_][^\n:：]{0,28}?)\s?[:：]\s{0,4}[\"“«]?$")
_POINTED = re.compile(r"\b(?:following|this|these|given|attached|provided)\s((?:\w+\s?){1,3})")
_TEXT_NAMES = (
    "text sentence article message email mail note document question paragraph conversation "
    "transcript report story post comment review code description title query letter"
)
_TEXTS = frozenset(_TEXT_NAMES.split())
_THING_NAMES = (
    "ticket product customer invoice order contract user complaint request recipe job resume "
    "lead meeting patient function listing claim tweet song poem"
)
_THINGS = _TEXTS | frozenset(_THING_NAMES.split())
_LANGUAGE_NAMES = (
    "arabic bengali bulgarian cantonese catalan chinese croatian czech danish dutch english "
    "estonian finnish french german greek hebrew hindi hungarian icelandic indonesian irish "
    "italian japanese korean latin latvian lithuanian malay mandarin norwegian persian polish "
    "portuguese romanian russian serbian slovak slovenian spanish swahili swedish tamil thai "
    "turkish ukrainian urdu vietnamese welsh"
)
_LANGUAGES = frozenset(_LANGUAGE_NAMES.split())


def name_slot(before: str, kind: str, taken: Mapping[str, object], value: str = "") -> str:
    """A name people recognise, from the words before the slot and the type where it adds something.

    `before` is the static text up to the slot, `value` what one text has there.

    >>> name_slot("It was due on ", "date", {}), name_slot("Translate into ", "text", {}, "French")
    ('due_date', 'language')
    >>> name_slot("Summarise the following support ticket in one sentence:\\n", "text", {})
    'ticket_text'
    """
    name = _name_value(before, kind, value)
    if name not in taken:
        return name
    return next(f"{name}_{i}" for i in range(2, 10_000) if f"{name}_{i}" not in taken)


def _name_value(before: str, kind: str, value: str) -> str:
    if kind in KINDS:
        return kind
    if kind == "text" and value.strip().lower() in _LANGUAGES:
        return "language"
    if kind == "text" and before.endswith(QUESTION_FOLLOWS):
        return "question"
    if kind == "text" and _PAYLOAD_FOLLOWS.search(before[-8:]):
        return _name_payload(before)
    return _name_inline(before, kind)


def _name_payload(before: str) -> str:
    """The label right before ("Review:"), else the thing an instruction speaks of, else "text"."""
    label = _LABEL.search(before[-60:])
    if label and (label.start() or label[1].lower() in _THINGS) and label[1].count(" ") <= 2:
        return _write_name(label[1]) or "text"
    words = [word.lower() for word in _WORDS.findall(before[-400:])]
    spoken = [word for word in words if word in _THINGS or word.removesuffix("s") in _THINGS]
    pointed = _POINTED.findall(before[-400:].lower())
    found = [word for words in pointed for word in words.split() if word in _THINGS]
    thing = (found or spoken[:1] or [""])[0].removesuffix("s")
    if not thing:
        return "text"
    return thing if thing in _TEXTS else f"{thing}_text"


def _write_name(label: str) -> str:
    """A label as a name of letters, digits and underscores; "" when none are left."""
    return "_".join(_find_words(label))[:40]


def _find_words(text: str) -> list[str]:
    """The words in plain small letters: "möchte" is one word, not what stands around its ö."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return [word.lower() for word in _WORDS.findall(plain)]


def _name_inline(before: str, kind: str) -> str:
    words = _find_words(before[-40:])
    little = words.pop() if words and words[-1] in LITTLE else ""
    while words and words[-1] in LITTLE:
        words.pop()
    stem = words[-1] if words and len(words[-1]) > 1 else ""
    return _join_name(stem, little if little in _PLACES or not stem else "", kind)


def names_nothing(before: str) -> bool:
    """Whether the words before a slot are little ones only, or none."""
    return all(word in LITTLE for word in _find_words(before[-40:]))


def _join_name(stem: str, little: str, kind: str) -> str:
    stem, little = (stem, little) if stem else (little, "")
    if not stem:
        return kind
    if kind in ("id", "number", "url", "date", "email", "path", "uuid"):
        return stem if stem == kind else f"{stem}_{kind}"
    return f"{stem}_{little}" if little else stem
