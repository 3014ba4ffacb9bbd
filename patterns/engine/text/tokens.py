"""Text as typed tokens: values that vary by nature carry a type, words stay as they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from patterns.engine.domain.digests import digest_hex
from patterns.engine.text.scripts import CLUSTER, WORD

EDGE = 200  # tokens kept at each end of a long text: instructions stand there, bulk in the middle
LONGEST = 8_000  # characters looked at, half at each end: bounds the time of one huge text
START, END, GAP = "\x02", "\x03", "\x1a"
BETWEEN = "\n\x1e"  # stands between the messages of a text
TURN = "\x1e"  # the token it is
FENCE = "```"
MOST_TOOLS = 64
REMEMBERED = 2000  # characters: longer instructions are read anew each time, to bound the memory

_MONTHS = (
    "Jan(?:uary|uar)?|Feb(?:ruary|ruar)?|Mar(?:ch)?|März|Apr(?:il)?|May|Mai|June?|Juni|July?|Juli|"
    "Aug(?:ust)?|Sept?(?:ember)?|O[ck]t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?|"
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|novembre|dicembre|"
    "janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
_DAY = r"[0-3]?[0-9](?:st|nd|rd|th|\.|er|º)?"
_WEEKDAY = r"(?:\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s)?"
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|RMB|INR|BRL|SEK|NOK|DKK|PLN|CZK|CAD|AUD|HKD|KRW|TRY|ILS|MXN"
_SIGNS = r"(?:US|R|C|A|HK|NZ|NT|S)?\$|[€£¥₹₩₺₽₪฿₫₴₦₱₲₡₵₸]"
# Written behind the amount only; in front of it they are words.
_BEHIND = r"(?:zł|kr|Kč|Ft|lei|лв|грн|руб|元|円|원)(?![^\W\d_])"
_BLANKS = "\u00a0\u202f\u2009"
# Thousands by any of the usual marks, by a blank only in threes; at most 60 digits, so that a long
# run of digits costs no more than its length.
_NUMBER = rf"[0-9]{{1,60}}(?:[.,:'’٫٬][0-9]{{1,30}}|[ {_BLANKS}][0-9]{{3}}(?![0-9])){{0,20}}"
_DATES = rf"""
    (?P<spoken>{_WEEKDAY}(?:\b{_DAY}\s(?:de\s)?)(?:{_MONTHS})\b\.?(?:,?\s(?:de\s)?[12][0-9]{{3}}\b)?
        |{_WEEKDAY}\b(?:{_MONTHS})\b\.?\s{_DAY}\b(?!:)(?:,?\s[12][0-9]{{3}}\b)?
        |\bQ[1-4](?:[ /-]?(?:19|20)[0-9]{{2}})?\b)
    |(?P<price>\b(?:{_CODES})[ {_BLANKS}]?[-+]?{_NUMBER}(?![A-Za-z0-9_]))"""
_KINDS = rf"""
    (?P<payload>\ue000[a-z]{{1,20}}\ue001)
    |(?P<code>```[^`]*(?:`{{1,2}}[^`]+)*```)
    |(?P<between>\n\x1e\s*)
    |(?P<break>\n\s*)
    |(?P<url>\b[a-zA-Z][a-zA-Z0-9+.-]{{1,15}}://[^\s"'<>)\]]+)
    |(?P<email>\b[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}})
    |(?P<uuid>\b[0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}}\b)
    |(?P<date>\b\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{{1,9}})?)?(?:Z|[+-]\d\d:?\d\d)?)?\b
        |\b[0-9]{{1,4}}(?P<by>[./])[0-9]{{1,2}}(?P=by)[0-9]{{2,4}}\b(?![./-][0-9])
        |\b[12][0-9]{{3}}\.\ [01]?[0-9]\.\ [0-3]?[0-9]\.
        |[0-9]{{2,4}}\s?[年년]\s?[0-9]{{1,2}}\s?[月월](?:\s?[0-9]{{1,2}}\s?[日일])?
        |[0-9]{{1,2}}\s?[月월]\s?[0-9]{{1,2}}\s?[日일])
    |(?P<number>(?:(?<![\w)\]])[-+])?(?:(?:{_SIGNS}|\b(?:{_CODES}))\s?[-+]?)?{_NUMBER}
        (?:[½¼¾]|[eE][-+]?[0-9]{{1,3}})?(?![A-Za-z0-9_])
        (?:\s?(?:{_SIGNS}|{_BEHIND}|(?:{_CODES})\b))?)
    |(?P<word>{WORD}(?:['’_-]+{WORD})*)
    |(?P<cluster>{CLUSTER})
    |(?P<mark>\S)"""
# Words that nothing else can begin with, told by what follows them. They are most tokens, and cost
# a third of the time when no other kind is tried. A blank before a letter or digit goes along.
_PLAIN = r"""(?P<plain>[A-Za-z]+)(?:[ ](?=[A-Za-z0-9])|(?=[.]?(?:[ \n,;?!)"]|\Z)))"""
_PATTERN = re.compile(f"{_DATES}|{_PLAIN}|{_KINDS}", re.VERBOSE)
SPELLED_OUT = {"spoken": "date", "price": "number"}
_DIGITS = re.compile(r"[0-9]+")
_LETTERS = str.maketrans(
    "0123456789", "ghijklmnop"
)  # so that a digest reads as a word, not as an id
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{6,}\Z")


class Token(NamedTuple):
    """`key` is what is compared: the text itself, or `<type>` for a value of that type."""

    key: str
    kind: str
    start: int
    end: int


# One spelling for quotes, dashes and minus; direction marks and other invisible signs say nothing.
_SPELLED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201f", '"'),
        **dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066"),
        **dict.fromkeys("\u2067\u2068\u2069\ufeff\u00ad\ufe0e\ufe0f"),
    }
)
HEADER = "\ue002"  # private use (Unicode), around the names of the tools a request offers


def add_header(text: str, tools: Iterable[str]) -> str:
    """The text marked as one that an SDK sent, with the names of tools; tokens do not show it."""
    return f"{HEADER}{' '.join(sorted(tools)[:MOST_TOOLS])}{HEADER}{text}"


def has_header(text: str) -> bool:
    """Whether an SDK sent this text in a request of its own shape."""
    return text[:1] == HEADER


def list_tools(text: str) -> frozenset[str]:
    """The names of the tools in a text's header."""
    if not has_header(text):
        return frozenset()
    return frozenset(text[1 : text.find(HEADER, 1)].split())


def drop_header(text: str) -> str:
    return text[text.find(HEADER, 1) + 1 :] if has_header(text) else text


def normalize_text(text: str) -> str:
    """One spelling for texts that look alike (Unicode NFC), cut in the middle when huge."""
    if len(text) > LONGEST // 2:
        text = _cut_middle(text)
    text = drop_header(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.translate(_SPELLED))


def _cut_middle(text: str) -> str:
    """The first and last characters; a system prompt is cut by itself, the same in every chat."""
    system, between, asked = text.partition(BETWEEN)
    if not between:
        return _cut(text, LONGEST, GAP)
    name = f"{GAP} {_name_elided(_DIGITS.sub('#', system))} "
    return _cut(system, LONGEST // 2, name) + between + _cut(asked, LONGEST // 2, GAP)


def _cut(text: str, most: int, mark: str) -> str:
    if len(text) <= most:
        return text
    return text[: most // 2 - len(mark)] + mark + text[len(text) - most // 2 :]


def _name_elided(text: str) -> str:
    """A word that tells two system prompts apart by what is not looked at in them."""
    return f"elided_{digest_hex(text).translate(_LETTERS)}"


def tokenize(text: str) -> list[Token]:
    """The tokens of a normal text; of a long one the first and last `EDGE`.

    What is left out of a system prompt is one token: agents may differ in nothing else.
    """
    found = _tokenize_part(text)
    while found and found[0].kind == "break":
        found.pop(0)
    while found and found[-1].kind == "break":
        found.pop()
    turn = next((n for n, token in enumerate(found) if token.key == TURN), 0)
    if not turn:
        return _keep_edges(found, EDGE)
    return [*_shorten_system(found[:turn]), *_keep_edges(found[turn:], EDGE // 2)]


def _keep_edges(found: list[Token], edge: int) -> list[Token]:
    return found[:edge] + found[-edge:] if len(found) > 2 * edge else found


def _shorten_system(found: list[Token]) -> list[Token]:
    """The first and last tokens of a system prompt, and one that names what is between them."""
    elided = found[EDGE : -EDGE // 2]
    if not elided:
        return found
    name = _name_elided(" ".join(token.key for token in elided))
    word = _new(Token, (name, "word", elided[0].start, elided[-1].end))
    return [*found[:EDGE], word, *found[-EDGE // 2 :]]


def _tokenize_part(text: str) -> list[Token]:
    """Instructions come back in every text of a task: their tokens are found once."""
    head, between, tail = text.rpartition(BETWEEN)
    if not between or len(head) > REMEMBERED or FENCE in head:  # code may go on behind it
        return _find_tokens(text)
    turn, head, rest = len(head), head.rstrip(), tail.lstrip()
    at = len(text) - len(rest)
    later = [_new(Token, (t.key, t.kind, t.start + at, t.end + at)) for t in _find_tokens(rest)]
    return [*_tokenize_head(head), Token(TURN, "break", turn, at), *later]


@lru_cache(maxsize=64)
def _tokenize_head(head: str) -> tuple[Token, ...]:
    return tuple(_find_tokens(head))


# A named tuple's own constructor takes twice the time.
_new = tuple.__new__


def _find_tokens(text: str) -> list[Token]:
    return [_read_token(match) for match in _PATTERN.finditer(text)]


def _read_token(match: re.Match[str]) -> Token:
    kind = match.lastgroup or "mark"
    if kind == "cluster":
        return _new(Token, (match.group(), "word", match.start(), match.end()))
    if kind == "plain":
        return _new(Token, (match["plain"], "word", match.start(), match.end("plain")))
    text = match.group()
    if kind == "word":
        kind, text = _read_word(text)
    elif kind == "break":
        text = "\n"
    elif kind == "payload":
        kind = text[1:-1]
        text = f"<{kind}>"
    elif kind == "between":
        kind, text = "break", TURN
    elif kind in SPELLED_OUT:
        kind = SPELLED_OUT[kind]
        text = f"<{kind}>"
    elif kind != "mark":
        text = f"<{kind}>"
    return _new(Token, (text, kind, match.start(), match.end()))


def _read_word(text: str) -> tuple[str, str]:
    if text.isalpha() or not any(character.isdigit() for character in text):
        return "word", text
    return ("hex" if _HEX.match(text) else "id"), "<id>"


def token_keys(text: str) -> list[str]:
    """The keys of the tokens of a text."""
    return [token.key for token in tokenize(normalize_text(text))]
