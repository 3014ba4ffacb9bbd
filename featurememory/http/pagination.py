"""Keyset pagination: every page costs the same, and new rows do not shift it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from django.db.models import Model, QuerySet

from featurememory.database.keyset_order import KeysetOrder, Mark
from featurememory.errors import invalid

Row = TypeVar("Row", bound=Model)
MAXIMUM = 200
# Keys a filter without an index scans per page: 25 ms on SQLite.
REACH = 100_000


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows and the opaque cursors of the pages after and before (None: there is none)."""

    rows: list[Row]
    next: str | None
    previous: str | None


def parse_limit(text: str | None, default: int = 50) -> int:
    """A page size from 1 to 200; 422 for anything else."""
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or int(text) < 1:
        raise invalid("must be a whole number from 1 to 200", "/limit")
    return min(int(text), MAXIMUM)


def encode_cursor(values: list[Any]) -> str:
    raw = msgspec.json.encode(values)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(text: str, size: int) -> list[Any]:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        values = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=list[Any])
    except (ValueError, binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise invalid("is not a cursor that this list gave out", "/cursor") from error
    holds_nul = any(isinstance(value, str) and "\x00" in value for value in values)
    if len(values) != size or len(text) > 1000 or holds_nul:
        raise invalid("is not a cursor that this list gave out", "/cursor")
    return values


def value_of(row: Model, name: str) -> Any:
    value = getattr(row, name)
    return value.isoformat() if hasattr(value, "isoformat") else value


def read_page(
    queryset: QuerySet[Row], sort: str, cursor: str | None, limit: int, key: str = "pk"
) -> Page[Row]:
    """One page of `queryset` in the order of `sort` ("-field" descends), ties broken by `key`.

    When `sort` is the key itself, pass it as both. Raises 422 for an invalid cursor.
    """
    from django.core.exceptions import ValidationError

    try:
        return _read_page(queryset, sort, cursor, limit, key)
    except (ValidationError, TypeError, OverflowError, ValueError) as error:
        raise invalid("is not a cursor that this list gave out", "/cursor") from error


def read_nearby_page(
    rows: QuerySet[Row],
    everything: QuerySet[Row],
    cursor: str | None,
    limit: int,
    key: str,
    reach: int = REACH,
) -> Page[Row]:
    """A page of `rows`, highest key first, that scans at most `reach` keys from the cursor.

    For filters without an index: few rows may match, and filling a page could read the whole table. A
    page may hold fewer rows than `limit`, or none; it has neighbours as long as there are further rows
    in `everything`, the rows without the filter.
    """
    start, backwards = read_start(everything, cursor, key)
    edge = start + reach if backwards else start - reach
    bound = {f"{key}__{'lte' if backwards else 'gte'}": edge}
    found = read_page(rows.filter(**bound), f"-{key}", cursor, limit, key)
    beyond = {f"{key}__{'gt' if backwards else 'lt'}": edge}
    further = everything.filter(**beyond).exists()
    if backwards:
        previous = found.previous or (encode_cursor(["p", edge, edge]) if further else None)
        return Page(found.rows, found.next or encode_cursor(["n", start + 1, start + 1]), previous)
    back = encode_cursor(["p", start - 1, start - 1]) if cursor else None
    following = found.next or (encode_cursor(["n", edge, edge]) if further else None)
    return Page(found.rows, following, found.previous or back)


def read_start(everything: QuerySet[Row], cursor: str | None, key: str) -> tuple[int, bool]:
    """The key at which a page starts, and whether it is read backwards."""
    if cursor:
        direction, _, last = decode_cursor(cursor, 3)
        try:
            return int(last), direction == "p"
        except (TypeError, ValueError) as error:
            raise invalid("is not a cursor that this list gave out", "/cursor") from error
    newest = everything.order_by(f"-{key}").values_list(key, flat=True).first()
    return int(newest or 0) + 1, False


def _read_page(
    queryset: QuerySet[Row], sort: str, cursor: str | None, limit: int, key: str
) -> Page[Row]:
    mark, backwards = _read_mark(cursor)
    order = KeysetOrder(sort.lstrip("-"), key, sort.startswith("-"), backwards)
    rows: list[Row] = []
    for part in order.list_parts(queryset, mark):
        rows += part[: limit + 1 - len(rows)]
        if len(rows) > limit:
            break
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    return _cursors(rows, order.field, key, more, backwards, bool(cursor))


def _read_mark(cursor: str | None) -> tuple[Mark | None, bool]:
    """Value and key that the page begins behind, and whether it is read backwards."""
    if not cursor:
        return None, False
    direction, value, last = decode_cursor(cursor, 3)
    if direction not in ("n", "p") or isinstance(value, list | dict | bool):
        raise invalid("is not a cursor that this list gave out", "/cursor")
    if isinstance(last, list | dict | bool) or last is None:
        raise invalid("is not a cursor that this list gave out", "/cursor")
    return (value, last), direction == "p"


def _cursors(
    rows: list[Row], field: str, key: str, more: bool, backwards: bool, moved: bool
) -> Page[Row]:
    if not rows:
        return Page([], None, None)

    def mark(direction: str, row: Row) -> str:
        return encode_cursor([direction, value_of(row, field), str(value_of(row, key))])

    has_next = backwards or more
    has_previous = more if backwards else moved
    return Page(
        rows,
        mark("n", rows[-1]) if has_next else None,
        mark("p", rows[0]) if has_previous else None,
    )
