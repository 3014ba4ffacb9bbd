"""Space by table, in words that people know."""

from __future__ import annotations

from integration.monitoring.table_sizes import list_largest_tables
from patterns.models import Payload
from patterns.retention.disk_usage import TableSize


def test_tables_have_the_names_of_what_is_in_them_and_the_rest_is_summed() -> None:
    payloads = Payload._meta.db_table
    found = [TableSize(payloads, 900), TableSize("unknown", 50), TableSize("other", 7)]

    assert list_largest_tables(found, most=2) == [
        ("inputs and outputs", 900),
        ("unknown", 50),
        ("all others", 7),
    ]
    assert list_largest_tables(None) is None
