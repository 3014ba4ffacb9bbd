"""A list as a file: CSV or JSON lines, streamed, of the view or of the rows that are ticked."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, QueryDict, StreamingHttpResponse

# Full-width signs are read as the plain ones.
FORMULAS = tuple("=+-@＝＋－＠")
BREAKS = ("\t", "\r", "\n")
BATCH = 500
MOST_IDS = 1000


def read_given(request: HttpRequest) -> tuple[QueryDict, list[str]]:
    """The filter of the export, and the ids of ticked rows (none: all that match the filter).

    The bar of selected rows sends the filter in `query`, and `all` when every match is meant.
    """
    given = request.GET
    if "query" not in given:
        return given, given.getlist("ids")[:MOST_IDS]
    ids = [] if given.get("all") == "1" else given.getlist("ids")[:MOST_IDS]
    return QueryDict(given.get("query", "")), ids


def read_all(read: Callable[[str | None], Any]) -> Iterator[Any]:
    """Every row of a list, page after page, from a function that reads one."""
    cursor: str | None = None
    while True:
        found = read(cursor)
        yield from found.rows
        if (cursor := found.next) is None:
            return


def stream_list(
    name: str, kind: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> StreamingHttpResponse:
    """`kind` is "csv" or "jsonl"; the file is called after the list."""
    filename = f"{name}.{kind}"
    if kind == "csv":
        values = ([to_cell(row[column]) for column in columns] for row in rows)
        return stream_csv(filename, list(columns), values)
    lines = (msgspec.json.encode({k: to_plain(v) for k, v in row.items()}) + b"\n" for row in rows)
    response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def to_plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, date) else value


def to_cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return to_plain(value)


def stream_csv(
    filename: str, heads: list[str], rows: Iterable[Iterable[Any]]
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        write_csv_lines(heads, rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def write_csv_lines(heads: list[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    yield format_csv_line(heads)
    for values in rows:
        yield format_csv_line(["" if value is None else escape_formula(value) for value in values])


def format_csv_line(values: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def escape_formula(value: Any) -> Any:
    """Prefix text that a spreadsheet would run as a formula with an apostrophe (OWASP: CSV injection): that
    begins with a sign of formulas, behind spaces or not, or with a tab or line break."""
    if isinstance(value, str) and (value[:1] in BREAKS or value.lstrip()[:1] in FORMULAS):
        return "'" + value
    return value
