"""The table of a list as HTML, written in Python: fifty rows of ten cells are 500 cells a page."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.safestring import SafeString, mark_safe

from featurememory.lists.columns import ListColumn
from featurememory.lists.listing import Listing

SHORT = 20
# Its row says which: the address of the panel is that of the list, with the id of the row.
PEEK = (
    '<td class="peekcell"><button type="button" class="peek" tabindex="-1" title="Peek (p)" '
    'aria-label="Peek">⤢</button></td>'
)
ARROWS = {"descending": " ↓", "ascending": " ↑", "none": ""}


def write_head(listing: Listing) -> SafeString:
    return mark_safe("".join(write_head_cell(listing, column) for column in listing.columns))


def write_head_cell(listing: Listing, column: ListColumn) -> str:
    css = attribute("class", column.classes + pin_class(listing, column))
    if not column.sort:
        return f'<th scope="col"{css}>{escape(column.title)}</th>'
    now = direction_of(listing.sort, column.sort)
    turned = column.sort if now == "descending" else f"-{column.sort}"
    query = urlencode({**listing.here, "sort": turned})
    return (
        f'<th scope="col"{css} aria-sort="{now}"><a href="{listing.address}?{escape(query)}">'
        f"{escape(column.title)}{ARROWS[now]}</a></th>"
    )


def direction_of(sort: str, name: str) -> str:
    return {name: "ascending", f"-{name}": "descending"}.get(sort, "none")


def attribute(name: str, value: str) -> str:
    return f' {name}="{escape(value.strip())}"' if value.strip() else ""


def pin_class(listing: Listing, column: ListColumn) -> str:
    return " pinned" if column.name in listing.layout.pinned else ""


def write_body(listing: Listing) -> SafeString:
    openings = [
        f"<td{attribute('class', column.classes + pin_class(listing, column))}"
        f"{attribute('data-l', column.unit)}>"
        for column in listing.columns
    ]
    return mark_safe("".join(write_row(listing, row, openings) for row in listing.rows))


def write_row(listing: Listing, row: Any, openings: list[str]) -> str:
    name = listing.spec.row_id(row)
    safe = escape(name)
    box = ""
    if listing.spec.selectable:
        box = (
            f'<td class="box"><label><input type="checkbox" name="ids" value="{safe}" '
            f'aria-label="Select {escape(shorten(name))}"></label></td>'
        )
    cells = "".join(
        f"{opening}{write_cell(listing, column, row)}</td>"
        for column, opening in zip(listing.columns, openings, strict=True)
    )
    css = "" if box else ' class="nobox"'
    return f'<tr data-id="{safe}"{css}>{box}{cells}{PEEK if listing.spec.peek else ""}</tr>'


def write_cell(listing: Listing, column: ListColumn, row: Any) -> str:
    text = column.cell(row)
    picked = column.pick(row) if column.pick else None
    if picked is None or not picked[1]:
        return text
    name, value = picked
    if listing.used.get(name) == value:
        return text
    query = urlencode({**listing.parameters, name: value})
    # Out of the order of Tab: a row is one stop, and the same filter is offered above the list.
    return f'<a class="pick" tabindex="-1" href="{listing.address}?{escape(query)}">{text}</a>'


def peek_query(listing: Listing, name: str) -> str:
    return urlencode({**listing.here, "peek": name}, quote_via=quote)


def write_row_id(name: str) -> str:
    """The id of its row, which a click copies whole; a long one by its end, which distinguishes better.

    The whole id stands at the row already; the script takes it from there.
    """
    return (
        '<button type="button" class="mono copyid" data-copy-text title="Copy" tabindex="-1">'
        f"{escape(shorten(name))}</button>"
    )


def shorten(name: str) -> str:
    return name if len(name) <= SHORT else name[-8:]
