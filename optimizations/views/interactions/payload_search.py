"""Searching what is stored compressed: the error of a call, and its tags.

A page looks at so many payloads and says where to go on. Blocks of tags spare it most of those that do
not have a tag; no index serves the text of an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from featurememory.http.pagination import Page, encode_cursor, read_start
from patterns.storage.payloads import unpack_json
from patterns.storage.shared_words import NO_WORDS, Words, show_text, show_value
from patterns.storage.tag_blocks import find_ranges, fold_value

# 4,000 payloads are read, unpacked and parsed in about 25 ms.
SEARCHED, AT_ONCE, REACH = 4_000, 500, 100_000
# Ranges that one query reads, and queries of a page: 32 blocks of tags, 8,000 interactions.
RANGES, MOST_QUERIES = 16, 2


class SearchedParts(Struct):
    """The members that are looked into; the others are passed over unparsed."""

    error: Raw | UnsetType = UNSET
    tags: Raw | UnsetType = UNSET


DECODER = msgspec.json.Decoder(SearchedParts)


@dataclass(frozen=True)
class Accepts:
    """What is looked for in one member of a payload, "error" or "tags"; `tag` as blocks hold it."""

    member: str
    matches: Callable[[Raw], bool]
    tag: str = ""

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
        return not given or fold_value(tags[name.strip()]) == value.strip().casefold()

    whole = f"{name.strip()}={value.strip().casefold()}" if given else name.strip()
    # Blocks hold what is stored, which here is shown in other words.
    return Accepts("tags", matches, "" if words else whole)


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


@dataclass(frozen=True)
class PayloadSearch:
    """Rows of a project (with their payload as `data`) whose payload is accepted."""

    project_id: UUID
    rows: Any
    accepts: Sequence[Accepts]

    def list_ranges(self, start: int, *, backwards: bool) -> Iterable[tuple[int, int]]:
        """Where to look, nearest first."""
        tags = [one.tag for one in self.accepts if one.tag]
        if not tags:
            return [(start + 1, start + REACH) if backwards else (start - REACH, start - 1)]
        return find_ranges(self.project_id, tags, start, backwards=backwards, most=SEARCHED)

    def find(self, start: int, limit: int, *, backwards: bool) -> tuple[list[int], int, bool]:
        """(numbers found, the last one that was looked at, whether nothing is left within reach).

        Only numbers and payloads are read: the other columns of rows that do not match cost more than
        the search itself.
        """
        found: list[int] = []
        seen, last = 0, start
        ranges = iter(self.list_ranges(start, backwards=backwards))
        for _ in range(MOST_QUERIES):
            some = list(islice(ranges, RANGES))
            for last, data in self.read(some, SEARCHED - seen, backwards=backwards):
                seen += 1
                if is_accepted(data, self.accepts):
                    found.append(last)
                if len(found) == limit:
                    return found, last, False
            if seen == SEARCHED:
                return found, last, False
            last = some[-1][backwards] if some else last
            if len(some) < RANGES:
                return found, last, True
        return found, last, False

    def read(self, ranges: Sequence[tuple[int, int]], most: int, *, backwards: bool) -> Any:
        """(number, payload) of the rows in these ranges, nearest first.

        A union, because with "or" SQLite visits every number of the project.
        """
        parts = [
            self.rows.filter(number__gte=low, number__lte=high).order_by()
            for low, high in ranges or [(0, -1)]
        ]
        whole, *others = [part.values_list("number", "data") for part in parts]
        if others:
            whole = whole.union(*others, all=True)
        return whole.order_by("number" if backwards else "-number")[:most].iterator(AT_ONCE)


def read_matching_page(
    search: PayloadSearch, everything: Any, cursor: str | None, limit: int
) -> Page[Any]:
    """A page of what a search finds, newest first.

    It may hold fewer than `limit` rows, or none, and still have neighbours: further ones to search.
    """
    start, backwards = read_start(everything, cursor, "number")
    numbers, last, ended = search.find(start, limit, backwards=backwards)
    found = list(search.rows.filter(number__in=numbers).order_by("-number"))
    beyond = {f"number__{'gt' if backwards else 'lt'}": last}
    more = not ended or (last > 0 and everything.filter(**beyond).exists())
    if backwards:
        back = encode_cursor(["p", last, last]) if more else None
        return Page(found, encode_cursor(["n", start + 1, start + 1]), back)
    previous = encode_cursor(["p", start - 1, start - 1]) if cursor else None
    return Page(found, encode_cursor(["n", last, last]) if more else None, previous)
