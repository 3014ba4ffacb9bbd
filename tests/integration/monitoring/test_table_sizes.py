"""Space by table, in words that people know."""

from __future__ import annotations

from integration.monitoring.table_sizes import list_largest_tables
from patterns.models import Pattern, Payload
from patterns.retention.disk_usage import TableSize


def test_tables_have_the_names_of_what_is_in_them_and_the_rest_is_summed() -> None:
    tables = (Payload._meta.db_table, "auth_user_groups", Pattern._meta.db_table, "other")
    found = [TableSize(name, size) for name, size in zip(tables, (900, 50, 30, 7), strict=True)]

    assert list_largest_tables(found, most=1) == [("inputs and outputs", 900), ("all others", 87)]
    assert list_largest_tables(found)[1:] == [("patterns", 30), ("all others", 57)]
    assert list_largest_tables(None) is None
