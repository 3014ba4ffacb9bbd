"""Measures the space the database uses, table by table, and returns free space to the disk."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models.functions import Length

from featurememory.database.write_lock import hold_writers, measure_log_bytes, shorten_log
from patterns.models import Learner, ModelInteraction, Pattern, Payload

# Pages of 8 kB returned in one step: 4 MB, written to the log while no other write runs.
STEP = 500
# Share of `storage.max_size` for writes between two checks, and free space inside the files.
MARGIN = 0.03
# SQLite's log, in addition to the rows: `write_lock.LOG_MOST` and the batch that passed it.
LOG = 12 << 20
# At most one SHAREth of a small limit is reserved for the log.
SHARE = 8
# PostgreSQL's catalogues of an empty database.
CATALOGUES = 8 << 20
# A row of an interaction with its entries in the indexes, without its payload.
ROW_BYTES = 450
# What learning adds per interaction: measured 40 to 60 bytes, plus its share of patterns and sums.
# PostgreSQL writes a new row version with index entries; the old ones stay until the next vacuum.
LEARNING_BYTES, LEARNING_ANEW = 100, 500
BYTES = Length("data")  # of a payload's or decision's content
# Seconds between two measurements of the tables; COUNT_LARGE_S from LARGE bytes on.
COUNT_S, COUNT_LARGE_S, LARGE = 50.0, 600.0, 64 << 20


@dataclass(frozen=True)
class TableSize:
    """A table with its indexes, in bytes."""

    name: str
    bytes: int


def read_limit(max_size: int) -> int:
    """The effective `storage.max_size`: in memory at most half of FM_MEMORY_LIMIT. Bytes."""
    return min(max_size, settings.MEMORY_LIMIT // 2) if settings.STORAGE == "memory" else max_size


def compute_room(max_size: int) -> int:
    """Bytes that rows may fill so that files and log stay below `storage.max_size`."""
    most = read_limit(max_size)
    return int(most * (1 - MARGIN)) - min(estimate_beside_rows(), most // SHARE)


def estimate_beside_rows() -> int:
    """Bytes used in addition to rows: SQLite's log, PostgreSQL's catalogues."""
    if connection.vendor == "postgresql":
        return CATALOGUES
    return LOG if settings.STORAGE == "persistent" else 0


def estimate_learning_bytes(waits: float) -> int:
    """Bytes that learning `waits` pending interactions will take."""
    anew = connection.vendor == "postgresql"
    return int(waits * (LEARNING_ANEW if anew else LEARNING_BYTES))


def measure_bytes_used() -> int:
    """Bytes in use by the database, without free space inside its files."""
    if connection.vendor == "postgresql":
        return sum(table.bytes for table in measure_postgresql_tables())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT page_size * (page_count - freelist_count) "
            "FROM pragma_page_size, pragma_page_count, pragma_freelist_count"
        )
        return int(cursor.fetchone()[0])


def measure_bytes_beside() -> int:
    """Bytes on disk that `give_back_space` can return without deleting rows: SQLite's free pages and its
    write-ahead log, which grows while readers hold it."""
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
# The log of decisions belongs to a higher app.
FORGOTTEN = (
    ModelInteraction._meta.db_table,
    Payload._meta.db_table,
    "optimizations_decision",
    "optimizations_appliedoptimization",
)
REWRITTEN = (Learner._meta.db_table, Pattern._meta.db_table)


def measure_postgresql_tables() -> list[TableSize]:
    """Table sizes; for FORGOTTEN tables without the space of deleted rows.

    PostgreSQL keeps that space for new rows, so file sizes do not tell how much more must go. The share
    in use is computed from its row counts and their mean width, dead rows included until a vacuum. A
    table that was never analysed counts in full.
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
    """The last measurement: every table with its indexes, largest first; None before the first one."""
    kept: tuple[float, list[TableSize]] | None = cache.get("table_sizes")
    return kept[1] if kept else None


def measure_table_sizes() -> list[TableSize] | None:
    """Measure the tables for `read_table_sizes`. On SQLite this reads the whole file: a small one every
    minute, a large one every ten. Do not call it in a request."""
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
    """Table sizes from `dbstat`; None where SQLite was built without it. One statement per tree: the log
    cannot restart during a read, and reading a gigabyte in one statement let it grow by 38 MB."""
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
    """Return free space: to the disk on SQLite, to new rows on PostgreSQL.

    In steps that block other writes only briefly. PostgreSQL truncates a file only at its end; deleted
    rows are the oldest, so its files keep their size and are refilled.
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
    """Let new rows reuse the space of deleted ones; SQLite does so by itself."""
    if connection.vendor != "postgresql" or connection.in_atomic_block or not forgotten:
        return
    with connection.cursor() as cursor:
        if connection.connection.info.server_version >= 150000:
            # Otherwise rows just deleted count as dead until the next vacuum.
            cursor.execute("SELECT pg_stat_force_next_flush()")
        for table in FORGOTTEN:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def vacuum_rewritten() -> None:
    """On PostgreSQL vacuum the few large rows that every batch rewrites. Autovacuum runs once a minute;
    until then 10,000 learned interactions left 30 MB of dead rows."""
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
    """Return up to STEP pages; whether any was returned. A script, because the driver's `execute` stops
    this statement after one page."""
    before = count_free_pages()
    with hold_writers():
        raw.executescript(f"PRAGMA incremental_vacuum({STEP})")
    return count_free_pages() < before
