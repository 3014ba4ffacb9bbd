"""Machine text as a skeleton: words and marks stay, whatever carries a value becomes a slot.

Log lines write values as compounds (`/usr/bin/x`, `blk_-38865`, `10.0.0.1:80`, `12.5 KB`), so a
compound with a digit in it is one value, not several tokens, and a unit belongs to its number.
"""

from __future__ import annotations

import re

from patterns.engine.grouping.logs.line_piece import HOLE, LinePiece, Skeleton
from patterns.engine.grouping.logs.pairs import read_pairs
from patterns.engine.grouping.logs.repetitions import merge_repetitions
from patterns.engine.text.tokens import normalize_text

LONGEST_TEXT = 4_000  # characters looked at, three quarters of them at the front
LONGEST = 160  # pieces kept of one text: the first 120 and the last 40
_LAST = 40

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
# What operating systems say of a failed call (POSIX strerror, glibc's wording).
_ERRORS = (
    "No such file or directory|Permission denied|Operation not permitted|Input/output error|"
    "No space left on device|Connection (?:refused|reset by peer|timed out|aborted)|"
    "(?:[Oo]peration |read |write )?timed out|Broken pipe|No route to host|"
    "Network is (?:unreachable|down)|Host is down|Resource temporarily unavailable|"
    "Device or resource busy|Cannot allocate memory|Invalid argument|File exists|"
    "Is a directory|Not a directory|Directory not empty|Too many open files|"
    "Read-only file system|Address already in use|Transport endpoint is not connected|"
    "Interrupted system call|Bad file descriptor|Stale file handle|Disk quota exceeded"
).replace(" ", r"\ ")
_PIECE = re.compile(
    rf"""(?P<url>\b[a-z][a-z0-9+.-]{{1,15}}://[^\s\])>,;'"}}]+)
    |(?P<date>\b{_DAY},?\s+(?:{_MONTH}\s+\d+|\d+\s+{_MONTH})[\s\d:]*(?:[A-Z]{{3,4}}\b)?(?:\s+\d{{4}})?
        |\b{_MONTH}\s+\d{{1,2}},?\s+[\d:]+
        |\b\d{{1,2}}/{_MONTH}/\d{{4}}:\d\d:\d\d:\d\d(?:\s[-+]\d{{4}})?)
    |(?P<payload>[\w.-]{{0,80}}\ue000[a-z]{{1,20}}\ue001)
    |(?P<pairs>(?<!\w)\{{\w[\w.-]{{0,60}}[=:][^{{}},\s]{{0,80}}(?:,\s?[^{{}},\s]{{1,80}}){{0,40}}\}})
    |(?P<error>(?<=[:(]\s)(?:{_ERRORS})(?![\w]))
    |(?P<ip6>(?<![\w:.])\[?(?=[A-Fa-f:]{{0,20}}\d)(?:[0-9A-Fa-f]{{1,4}}:){{1,7}}
        (?:(?::[0-9A-Fa-f]{{1,4}}){{1,7}}|:)(?:%\w{{1,20}})?\]?(?::\d{{1,5}})?(?![\w:]))
    |(?P<user>(?<=\s)\S{{1,80}}+(?=\s\[\d{{1,2}}/{_MONTH}/\d{{4}}:))
    |(?P<quoted>(?<!msg=)(?<!message=)(?<!event=)(?<![\w"])
        (?:"-?"|"(?=[^"\n]{{0,200}}[\d\s./])[^"\\\n]{{1,300}}")(?![\w"])
        |(?<![\w'])'(?=[^'\n]{{0,200}}[\d\s])[^'\\\n]{{1,200}}'(?![\w']))
    |(?P<mac>(?<![\w.])(?:[0-9A-Fa-f]{{2}}:){{3,}}[0-9A-Fa-f]{{2}}(?!\w))
    |(?P<path>(?<![\w.])(?:[A-Za-z]:\\|~?/)\[?(?:[\w.:$*+~@%\\-]{{1,120}}[/\]]{{1,3}}){{0,30}}[\w.:$*+~@%\\-]{{0,120}}\w/?
        (?:\?[\w.=&;%+/:~@-]*)?)
    |(?P<sign>(?<![\w)\]}}])(?:[<>~]=?|[-+])\s?(?=\d))
    |(?P<dots>\.{{3,}})
    |(?P<word>(?:[\w\-/@$~\\+%*&?\#]|\.(?!\.\.))+(?:(?<=[\d.])[\w.\-]*:(?=\d)[\w.\-/]+)*(?:(?<=\w)\[\d[\d,-]{{0,200}}\])?)
    |(?P<mark>[^\w\s])""",
    re.VERBOSE,
)
_VALUES = frozenset({"url", "date", "mac", "path", "payload", "pairs", "error", "ip6", "user"})
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
    found = read_pairs(found)
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
    elif kind == "quoted":
        found.append(LinePiece(text[0], "mark", start, start + 1))
        found.append(LinePiece(HOLE, "quoted", start + 1, end - 1))
        found.append(LinePiece(text[0], "mark", end - 1, end))
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
