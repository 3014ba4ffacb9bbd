"""The records before and after one inside the filter and the order of its list."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from featurememory.http.pagination import encode_cursor, read_page, value_of


def find_neighbours(rows: Any, sort: str, row: Model, key: str = "pk") -> tuple[Any, Any]:
    """(previous, next) of `row` among `rows`; None where it is the first or the last. Two queries."""
    field = sort.lstrip("-")
    rows = rows.only("pk", "id", field, key)
    mark = [value_of(row, field), str(value_of(row, key))]
    before = read_page(rows, sort, encode_cursor(["p", *mark]), 1, key=key).rows
    after = read_page(rows, sort, encode_cursor(["n", *mark]), 1, key=key).rows
    return (before[0] if before else None), (after[0] if after else None)
