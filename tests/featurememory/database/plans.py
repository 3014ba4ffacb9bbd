"""How the database would run a query: what is sorted, what is read whole."""

from __future__ import annotations

from typing import Any

from django.db import connection

# A small table is read whole whatever its indexes: PostgreSQL is asked for what it could do instead.
WITHOUT = ("enable_seqscan", "enable_sort", "enable_bitmapscan")


def explain(rows: Any) -> str:
    """The plan of a query set, or of SQL that has no parameters left."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for name in WITHOUT:
                cursor.execute(f"SET LOCAL {name} = off")
    if not isinstance(rows, str):
        return str(rows.explain())
    with connection.cursor() as cursor:
        prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{prefix} {rows}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def sorts(plan: str) -> bool:
    """Whether all that matches is put in order before the first row comes. A rest whose equal values
    are put in order is none."""
    if "Incremental Sort" in plan:
        return False
    return "Sort" in plan or "USE TEMP B-TREE FOR ORDER BY" in plan
