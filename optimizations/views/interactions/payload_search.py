"""Searching what is stored compressed: the error of a call, and its tags.

No index serves it, so a page looks at so many payloads and says where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from featurememory.http.pagination import Page, encode_cursor, read_start
from patterns.storage.payloads import unpack_json
from patterns.storage.shared_words import NO_WORDS, Words, show_text, show_value

# 4,000 payloads are read, unpacked and parsed in about 25 ms.
SEARCHED, AT_ONCE, REACH = 4_000, 500, 100_000


class SearchedParts(Struct):
    """The members that are looked into; the others are passed over unparsed."""

    error: Raw | UnsetType = UNSET
    tags: Raw | UnsetType = UNSET


DECODER = msgspec.json.Decoder(SearchedParts)


@dataclass(frozen=True)
class Accepts:
    """What is looked for in one member of a payload, "error" or "tags"."""

    member: str
    matches: Callable[[Raw], bool]

    def accepts(self, content: bytes) -> bool:
        """Most payloads do not have the member, and need not be parsed for that."""
        if f'"{self.member}"'.encode() not in content:
            return False
        raw = getattr(DECODER.decode(content), self.member)
        return raw is not UNSET and self.matches(raw)


def accept_error(text: str, words: Words = NO_WORDS) -> Accepts:
    """`words`: those that a content-free project shows; what is found is what people read."""
    wanted = text.casefold()
    return Accepts("error", lambda raw: wanted in show_text(words, to_text(raw)).casefold())


def accept_tag(text: str, words: Words = NO_WORDS) -> Accepts:
    """`name` or `name=value`."""
    name, given, value = text.partition("=")

    def matches(raw: Raw) -> bool:
        tags = show_value(words, msgspec.json.decode(raw))
        if not isinstance(tags, dict) or name.strip() not in tags:
            return False
        return not given or to_word(tags[name.strip()]) == value.strip().casefold()

    return Accepts("tags", matches)


def to_word(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return str(text).casefold()


def to_text(raw: Any) -> str:
    value = msgspec.json.decode(raw)
    return value if isinstance(value, str) else bytes(raw).decode("utf-8", "replace")


def is_accepted(data: Any, accepts: Sequence[Accepts]) -> bool:
    if data is None:
        return False
    try:
        content = unpack_json(data)
        return all(one.accepts(content) for one in accepts)
    except (ValueError, msgspec.DecodeError):  # a damaged payload matches nothing
        return False


def read_matching_page(
    rows: Any, everything: Any, cursor: str | None, limit: int, accepts: Sequence[Accepts]
) -> Page[Any]:
    """A page of `rows` (with their payload as `data`), newest first, whose payload is accepted.

    It may hold fewer than `limit` rows, or none, and still have neighbours: further ones to search.
    """
    start, backwards = read_start(everything, cursor, "number")
    numbers, last, ended = search(rows, start, limit, accepts, backwards=backwards)
    found = list(rows.filter(number__in=numbers).order_by("-number"))
    beyond = {f"number__{'gt' if backwards else 'lt'}": last}
    more = not ended or (last > 0 and everything.filter(**beyond).exists())
    if backwards:
        back = encode_cursor(["p", last, last]) if more else None
        return Page(found, encode_cursor(["n", start + 1, start + 1]), back)
    previous = encode_cursor(["p", start - 1, start - 1]) if cursor else None
    return Page(found, encode_cursor(["n", last, last]) if more else None, previous)


def search(
    rows: Any, start: int, limit: int, accepts: Sequence[Accepts], *, backwards: bool
) -> tuple[list[int], int, bool]:
    """(numbers found, the last one that was looked at, whether nothing is left within reach).

    Only numbers and payloads are read: the other columns of rows that do not match cost more than
    the search itself.
    """
    found: list[int] = []
    last = start
    edge = start + REACH if backwards else start - REACH
    within = rows.filter(**{f"number__{'lte' if backwards else 'gte'}": edge})
    order, beyond = ("number", "number__gt") if backwards else ("-number", "number__lt")
    near = within.filter(**{beyond: last}).order_by(order).values_list("number", "data")
    seen = 0
    for last, data in near[:SEARCHED].iterator(AT_ONCE):
        seen += 1
        if is_accepted(data, accepts):
            found.append(last)
        if len(found) == limit:
            return found, last, False
    return found, last if seen == SEARCHED else edge, seen < SEARCHED
