"""Machine text as a skeleton: words and marks stay, whatever carries a value becomes a slot.

Log lines write values as compounds (`/usr/bin/x`, `blk_-38865`, `10.0.0.1:80`, `12.5 KB`), so a
compound with a digit in it is one value, not several tokens, and a unit belongs to its number.
"""

from __future__ import annotations

import re

from patterns.engine.grouping.logs.line_piece import HOLE, LinePiece, Skeleton
from patterns.engine.grouping.logs.repetitions import merge_repetitions
from patterns.engine.text.tokens import normalize_text

LONGEST_TEXT = 4_000  # characters looked at, three quarters of them at the front
LONGEST = 160  # pieces kept of one text: the first 120 and the last 40
_LAST = 40

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_PIECE = re.compile(
    rf"""(?P<url>\b[a-z][a-z0-9+.-]{{1,15}}://[^\s\])>,;'"}}]+)
    |(?P<date>\b{_DAY},?\s+(?:{_MONTH}\s+\d+|\d+\s+{_MONTH})[\s\d:]*(?:[A-Z]{{3,4}}\b)?(?:\s+\d{{4}})?
        |\b{_MONTH}\s+\d{{1,2}},?\s+[\d:]+)
    |(?P<mac>(?<![\w.])(?:[0-9A-Fa-f]{{2}}:){{3,}}[0-9A-Fa-f]{{2}}(?!\w))
    |(?P<path>(?<![\w.])/(?:[\w.$*+~@%\\-]{{1,120}}/{{1,3}}){{0,30}}[\w.$*+~@%\\-]{{0,120}}\w/?
        (?:\?[\w.=&;%+/:~@-]*)?)
    |(?P<sign>(?<![\w)\]}}])(?:[<>~]=?|[-+])\s?(?=\d))
    |(?P<dots>\.{{3,}})
    |(?P<word>(?:[\w\-/@$~\\+%*&?\#]|\.(?!\.\.))+(?:(?<=[\d.])[\w.\-]*:(?=\d)[\w.\-/]+)*)
    |(?P<mark>[^\w\s])""",
    re.VERBOSE,
)
_VALUES = frozenset({"url", "date", "mac", "path"})
_DIGIT = re.compile(r"\d")
_HEX = re.compile(r"[a-fA-F]{6,}")
_UNIT = re.compile(
    r"(?:[KMGTP]?i?[Bb]|bytes?|[mun]?s|secs?|seconds?|mins?|minutes?|hours?|hrs?|[KMG]?Hz)\Z"
)
_NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:[.,]\d+)?%?\Z")
_TAIL = ".-*?&+%"  # marks that end a sentence or a word, not part of a name


def trim_line(text: str) -> str:
    """The text in one Unicode form, without the middle when it is longer than `LONGEST_TEXT`."""
    text = normalize_text(text)
    if len(text) > LONGEST_TEXT:
        text = f"{text[: LONGEST_TEXT * 3 // 4]} … {text[-LONGEST_TEXT // 4 :]}"
    return text


def split_line(text: str) -> list[LinePiece]:
    """The pieces of a trimmed line, repetitions counted once."""
    found: list[LinePiece] = []
    for match in _PIECE.finditer(text):
        _add_piece(found, match.lastgroup or "mark", match.group(), match.start())
    if len(found) > LONGEST:
        found = found[: LONGEST - _LAST] + found[-_LAST:]
    return merge_repetitions(found)


def mask_line(text: str) -> Skeleton:
    """What remains of a text when its values are taken out.

    >>> mask_line("Took 12.5 KB from 10.0.0.1:80")
    ('Took', '#', 'from', '#')
    """
    return tuple(piece.key for piece in split_line(trim_line(text)))


def _add_piece(found: list[LinePiece], kind: str, text: str, start: int) -> None:
    end = start + len(text)
    if kind == "sign":
        return
    if kind in _VALUES:
        found.append(LinePiece(HOLE, kind, start, end))
    elif kind == "word":
        _add_word(found, text, start)
    else:
        found.append(LinePiece(text, "mark", start, end))


def _add_word(found: list[LinePiece], text: str, start: int) -> None:
    if _DIGIT.search(text):
        kind = "number" if is_number(text) else "id"
        found.append(LinePiece(HOLE, kind, start, start + len(text)))
        return
    core = text.rstrip(_TAIL)
    end = start + len(core)
    if not core:
        found.append(LinePiece(text, "mark", start, start + len(text)))
    elif _HEX.fullmatch(core):
        found.append(LinePiece(HOLE, "id", start, end))
    elif found and found[-1].key == HOLE and found[-1].kind == "number" and _UNIT.match(core):
        found[-1] = found[-1]._replace(end=end)
    else:
        found.append(LinePiece(core, "word", start, end))
    if core and core != text:
        found.append(LinePiece(text[len(core) :], "mark", end, start + len(text)))


def is_number(text: str) -> bool:
    """Whether a piece is a number: digits with separators, a sign or a percent mark."""
    return _NUMBER.match(text) is not None
