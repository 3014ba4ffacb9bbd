"""Searching what is stored compressed: the error of a call, and its tags.

No index serves it, so a page looks at so many payloads and says where to go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from featurememory.http.pagination import Page, encode_cursor, read_start
from patterns.storage.payloads import unpack_parts

# 2,000 payloads are read and unpacked in about 50 ms.
SEARCHED, CHUNK, REACH = 2_000, 1_000, 100_000
Accepts = Callable[[dict[str, Any]], bool]


def accept_error(text: str) -> Accepts:
    wanted = text.casefold()
    return lambda parts: "error" in parts and wanted in to_text(parts["error"]).casefold()


def accept_tag(text: str) -> Accepts:
    """`name` or `name=value`."""
    name, given, value = text.partition("=")

    def accepts(parts: dict[str, Any]) -> bool:
        if "tags" not in parts:
            return False
        tags = msgspec.json.decode(parts["tags"])
        if not isinstance(tags, dict) or name.strip() not in tags:
            return False
        return not given or to_word(tags[name.strip()]) == value.strip().casefold()

    return accepts


def to_word(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return str(text).casefold()


def to_text(raw: Any) -> str:
    value = msgspec.json.decode(raw)
    return value if isinstance(value, str) else bytes(raw).decode("utf-8", "replace")


def accepts_row(row: Any, accepts: list[Accepts]) -> bool:
    if row.data is None:
        return False
    try:
        parts = unpack_parts(bytes(row.data))
        return all(accept(parts) for accept in accepts)
    except (ValueError, msgspec.DecodeError):  # a damaged payload matches nothing
        return False


def read_matching_page(
    rows: Any, everything: Any, cursor: str | None, limit: int, accepts: list[Accepts]
) -> Page[Any]:
    """A page of `rows` (with their payload as `data`), newest first, whose payload is accepted.

    It may hold fewer than `limit` rows, or none, and still have neighbours: further ones to search.
    """
    start, backwards = read_start(everything, cursor, "number")
    found, last, ended = search(rows, start, limit, accepts, backwards=backwards)
    beyond = {f"number__{'gt' if backwards else 'lt'}": last}
    more = not ended or everything.filter(**beyond).exists()
    if backwards:
        found.reverse()
        back = encode_cursor(["p", last, last]) if more else None
        return Page(found, encode_cursor(["n", start + 1, start + 1]), back)
    previous = encode_cursor(["p", start - 1, start - 1]) if cursor else None
    return Page(found, encode_cursor(["n", last, last]) if more else None, previous)


def search(
    rows: Any, start: int, limit: int, accepts: list[Accepts], *, backwards: bool
) -> tuple[list[Any], int, bool]:
    """(found, the last number that was looked at, whether nothing is left within reach)."""
    found: list[Any] = []
    last = start
    edge = start + REACH if backwards else start - REACH
    within = rows.filter(**{f"number__{'lte' if backwards else 'gte'}": edge})
    order, beyond = ("number", "number__gt") if backwards else ("-number", "number__lt")
    for _ in range(SEARCHED // CHUNK):
        chunk = list(within.filter(**{beyond: last}).order_by(order)[:CHUNK])
        for row in chunk:
            last = row.number
            if accepts_row(row, accepts):
                found.append(row)
            if len(found) == limit:
                return found, last, False
        if len(chunk) < CHUNK:
            return found, edge, True
    return found, last, False
