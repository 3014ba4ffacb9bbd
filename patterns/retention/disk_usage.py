"""What the database holds, table by table, and giving free space back to the disk."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection

from featurememory.database.write_lock import hold_writers, measure_log_bytes, shorten_log
from patterns.models import Learner, ModelInteraction, Pattern, Payload

# Pages of 8 kB given back in one step: 4 MB, which all pass through the log while no other write runs.
STEP = 500
# Of `storage.max_size`: for what is written between two looks, and free space inside the files.
MARGIN = 0.03
# SQLite's log, which lies beside the rows: see `writes.LOG_MOST`; the batch that passed it comes on
# top.
LOG = 12 << 20
# Of a small limit at most this part is left to what lies beside the rows.
SHARE = 8
# PostgreSQL's catalogues of an empty database.
CATALOGUES = 8 << 20
# A row of an interaction with its entries in the indexes, without its payload.
ROW_BYTES = 450
# What learning adds to it: measured 40 to 60 bytes there, and its part of patterns and sums. PostgreSQL
# writes the row anew, and its entries in the indexes; the old ones stay until the next vacuum.
LEARNING_BYTES, LEARNING_ANEW = 100, 500
# Seconds between two countings of the tables, and from which size in bytes on it is the second.
COUNT_S, COUNT_LARGE_S, LARGE = 50.0, 600.0, 64 << 20


@dataclass(frozen=True)
class TableSize:
    """A table with its indexes, in bytes."""

    name: str
    bytes: int


def read_limit(max_size: int) -> int:
    """`storage.max_size` as it holds here: in memory at most half of what the process may use."""
    return min(max_size, settings.MEMORY_LIMIT // 2) if settings.STORAGE == "memory" else max_size


def compute_room(max_size: int) -> int:
    """Bytes that rows may fill, so that the files, and SQLite's log, stay below `storage.max_size`."""
    most = read_limit(max_size)
    return int(most * (1 - MARGIN)) - min(estimate_beside_rows(), most // SHARE)


def estimate_beside_rows() -> int:
    if connection.vendor == "postgresql":
        return CATALOGUES
    return LOG if settings.STORAGE == "persistent" else 0


def estimate_learning_bytes(waits: float) -> int:
    """Bytes that learning so many interactions will take."""
    anew = connection.vendor == "postgresql"
    return int(waits * (LEARNING_ANEW if anew else LEARNING_BYTES))


def measure_bytes_used() -> int:
    """Bytes in use by the database: free space inside its files does not count."""
    if connection.vendor == "postgresql":
        return sum(table.bytes for table in measure_postgresql_tables())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT page_size * (page_count - freelist_count) "
            "FROM pragma_page_size, pragma_page_count, pragma_freelist_count"
        )
        return int(cursor.fetchone()[0])


def measure_bytes_beside() -> int:
    """Bytes on the disk that `give_back` returns without forgetting anything: SQLite's free pages
    and its write-ahead log, which grows while readers hold it."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT page_size * freelist_count FROM pragma_page_size, pragma_freelist_count"
        )
        return int(cursor.fetchone()[0]) + measure_log_bytes()


# Row header and line pointer take 28 bytes, and alignment some more.
LIVE = """
SELECT c.relname, pg_total_relation_size(c.oid), pg_relation_size(c.oid),
       (s.n_live_tup + s.n_dead_tup) * (32 + w.width)
FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
LEFT JOIN (SELECT schemaname, tablename, sum(avg_width * (1 - null_frac)) AS width
           FROM pg_stats GROUP BY 1, 2) w
  ON w.schemaname = s.schemaname AND w.tablename = s.relname
WHERE c.relkind = 'r' AND s.schemaname = current_schema()
"""
FORGOTTEN = (ModelInteraction._meta.db_table, Payload._meta.db_table)
REWRITTEN = (Learner._meta.db_table, Pattern._meta.db_table)


def measure_postgresql_tables() -> list[TableSize]:
    """Sizes, for the tables that forget without the space that forgotten rows left.

    PostgreSQL keeps that space for new rows, so the size of the files says nothing about how much
    more must go. The share in use is taken from the rows it counts and their mean width, the dead
    ones included until a vacuum gives their place to others; a table nobody has analysed yet counts
    in full.
    """
    with connection.cursor() as cursor:
        cursor.execute(LIVE)
        rows = cursor.fetchall()
    found = []
    for name, total, heap, live in rows:
        share = min(1.0, float(live) / heap) if live and heap and name in FORGOTTEN else 1.0
        found.append(TableSize(name, int(total * share)))
    return found


def read_table_sizes() -> list[TableSize] | None:
    """Every table with its indexes, largest first, as counted last; None before the first time."""
    kept: tuple[float, list[TableSize]] | None = cache.get("table_sizes")
    return kept[1] if kept else None


def measure_table_sizes() -> list[TableSize] | None:
    """What `tables` tells from now on. SQLite's pages are counted, which reads the whole file: a
    small one every minute, a large one every ten. Call it off the request path."""
    kept: tuple[float, list[TableSize]] | None = cache.get("table_sizes")
    wait = COUNT_LARGE_S if measure_bytes_used() > LARGE else COUNT_S
    if kept and time.time() - kept[0] < wait:
        return kept[1]
    postgresql = connection.vendor == "postgresql"
    found = sort_by_size(measure_postgresql_tables()) if postgresql else measure_sqlite_tables()
    if found is not None:
        cache.set("table_sizes", (time.time(), found), None)
    return found


def measure_sqlite_tables() -> list[TableSize] | None:
    """None where SQLite was built without `dbstat`. One statement a tree: while one reads, the log
    cannot begin anew, and all of a gigabyte in one took long enough for 38 MB of it."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name FROM sqlite_master WHERE rootpage > 0")
        for table, name in cursor.fetchall():
            try:
                cursor.execute(
                    "SELECT pgsize FROM dbstat WHERE aggregate = TRUE AND name = %s", [name]
                )
                (size,) = cursor.fetchone() or (0,)
            except DatabaseError:
                return None
            found[table] = found.get(table, 0) + int(size)
    return sort_by_size([TableSize(name, size) for name, size in found.items()])


def sort_by_size(found: list[TableSize]) -> list[TableSize]:
    return sorted(found, key=lambda table: (-table.bytes, table.name))


def give_back_space(forgotten: int) -> None:
    """Free space goes back: to the disk on SQLite, to new rows on PostgreSQL.

    In steps that do not hold up other writes for long. PostgreSQL shortens a file only at its end;
    what went is the oldest, so its files keep their size and are filled again.
    """
    if connection.in_atomic_block:
        return
    if connection.vendor == "postgresql":
        vacuum_forgotten(forgotten)
        return
    connection.ensure_connection()
    while count_free_pages() and give_back_pages(connection.connection):
        pass
    shorten_log(0)


def vacuum_forgotten(forgotten: int) -> None:
    """New rows may fill what forgotten ones left. SQLite does so by itself."""
    if connection.vendor != "postgresql" or connection.in_atomic_block or not forgotten:
        return
    with connection.cursor() as cursor:
        if connection.connection.info.server_version >= 150000:
            # Else what was deleted just now is counted as dead after the vacuum, until the next one.
            cursor.execute("SELECT pg_stat_force_next_flush()")
        for table in FORGOTTEN:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def vacuum_rewritten() -> None:
    """PostgreSQL: few rows that learning writes anew again and again, megabytes each time. Its own
    vacuum comes once a minute; until then ten thousand learned left 30 MB of them behind."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for table in REWRITTEN:
            cursor.execute(f"VACUUM {table}")


def count_free_pages() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA freelist_count")
        return int(cursor.fetchone()[0])


def give_back_pages(raw: Any) -> bool:
    """Whether any page went. A script, because the driver's `execute` runs this statement for one
    page only: it ends it after its first row."""
    before = count_free_pages()
    with hold_writers():
        raw.executescript(f"PRAGMA incremental_vacuum({STEP})")
    return count_free_pages() < before
