"""Text as typed tokens: values that vary by nature carry a type, words stay as they are."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

EDGE = 200  # tokens kept at each end of a long text: instructions stand there, bulk in the middle
LONGEST = 8_000  # characters looked at, half at each end: bounds the time of one huge text
START, END, GAP = "\x02", "\x03", "\x1a"
BETWEEN = "\n\x1e"  # stands between the messages of a text
FENCE = "```"
REMEMBERED = 2000  # characters: longer instructions are read anew each time, to bound the memory

_KINDS = r"""
    (?P<code>```[^`]*(?:`{1,2}[^`]+)*```)
    |(?P<break>[^\S\n]*\n\s*)
    |(?P<url>\b[a-zA-Z][a-zA-Z0-9+.-]{1,15}://[^\s"'<>)\]]+)
    |(?P<email>\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})
    |(?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)
    |(?P<date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b)
    |(?P<number>[0-9]+(?:[.,:][0-9]+)*(?![A-Za-z0-9_]))
    |(?P<word>[^\W_]+(?:['’_-]+[^\W_]+)*)
    |(?P<mark>\S)"""
# Words that nothing else can begin with, told by what follows them. They are most tokens, and cost
# a third of the time when no other kind is tried. A blank before a letter or digit goes along.
_PLAIN = r"""(?P<plain>[A-Za-z]+)(?:[ ](?=[A-Za-z0-9])|(?=[.]?(?:[ \n,;?!)"]|\Z)))"""
_PATTERN = re.compile(f"{_PLAIN}|{_KINDS}", re.VERBOSE)
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{6,}\Z")


class Token(NamedTuple):
    """`key` is what is compared: the text itself, or `<type>` for a value of that type."""

    key: str
    kind: str
    start: int
    end: int


def normalize_text(text: str) -> str:
    """One spelling for texts that look alike (Unicode NFC), cut in the middle when huge."""
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + GAP + text[1 - LONGEST // 2 :]
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text)


def tokenize(text: str) -> list[Token]:
    """The tokens of a normal text; of a long one the first and last `EDGE`."""
    found = _tokenize_part(text)
    while found and found[0].kind == "break":
        found.pop(0)
    while found and found[-1].kind == "break":
        found.pop()
    if len(found) > 2 * EDGE:
        return found[:EDGE] + found[-EDGE:]
    return found


def _tokenize_part(text: str) -> list[Token]:
    """Instructions come back in every text of a task: their tokens are found once."""
    head, between, tail = text.rpartition(BETWEEN)
    if not between or len(head) > REMEMBERED or FENCE in head:  # code may go on behind it
        return _find_tokens(text)
    head, rest = head.rstrip(), tail.lstrip()
    at = len(text) - len(rest)
    later = [_new(Token, (t.key, t.kind, t.start + at, t.end + at)) for t in _find_tokens(rest)]
    return [*_tokenize_head(head), Token("\n", "break", len(head), at), *later]


@lru_cache(maxsize=64)
def _tokenize_head(head: str) -> tuple[Token, ...]:
    return tuple(_find_tokens(head))


# A named tuple's own constructor takes twice the time.
_new = tuple.__new__


def _find_tokens(text: str) -> list[Token]:
    return [_read_token(match) for match in _PATTERN.finditer(text)]


def _read_token(match: re.Match[str]) -> Token:
    kind = match.lastgroup or "mark"
    if kind == "plain":
        return _new(Token, (match[1], "word", match.start(), match.end(1)))
    text = match.group()
    if kind == "word":
        kind, text = _read_word(text)
    elif kind == "break":
        text = "\n"
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
