"""Order by a number that no index serves: within the newest interactions, and it says so.

An index for each number would be written with every interaction; a window costs one bounded scan.
"""

from __future__ import annotations

from typing import Any

from featurememory.errors import invalid
from featurememory.http.pagination import REACH, Page, read_page

WINDOW = REACH


def read_sorted_page(
    rows: Any, everything: Any, sort: str, cursor: str | None, limit: int
) -> Page[Any]:
    """A page in the order of `sort` among the newest WINDOW interactions.

    The cursor carries the newest number of the first page, so that arrivals shift nothing.
    """
    newest, inner = read_newest(everything, cursor)
    window = rows.filter(number__gt=newest - WINDOW, number__lte=newest)
    found = read_page(window, sort, inner, limit, key="number")
    return Page(found.rows, prefix(newest, found.next), prefix(newest, found.previous))


def read_newest(everything: Any, cursor: str | None) -> tuple[int, str | None]:
    if cursor:
        number, dot, inner = cursor.partition(".")
        if not dot or not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise invalid("is not a cursor that this list gave out", "/cursor")
        return int(number), inner
    newest = everything.order_by("-number").values_list("number", flat=True).first()
    return newest or 0, None


def prefix(newest: int, cursor: str | None) -> str | None:
    return f"{newest}.{cursor}" if cursor else None
