"""The physical limit: the same interactions into one plain table, with nothing around it."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.traffic import items

NAMES = (
    "id, model_id, task_type, timestamp, duration, memory, tokens, processing, success, score, "
    "state, input, output, rest"
)
TYPES = [
    *("text", "text", "text", "bigint", "float8", "bigint", "int", "float8", "bool", "float8"),
    *("int", "text", "text", "text"),
]


def rows(count: int = 2000) -> list[tuple[Any, ...]]:
    """Items as rows, all columns but the id, with the payload as plain JSON."""
    return [row_of(item) for item in items(count)]


def row_of(item: dict[str, Any]) -> tuple[Any, ...]:
    meta = item["metadata"]
    used = meta["resource_usage"]
    rest = json.dumps([item["parameters"], item["usage"], item["tags"], item["session_id"]])
    return (
        item["model_id"],
        item["task_type"],
        meta["timestamp"],
        meta["duration"],
        used["memory_usage"],
        used["token_count"],
        used["processing_time"],
        item["success"],
        item["score"],
        0,
        json.dumps(item["input"]),
        json.dumps(item["output"]),
        rest,
    )


def batch(ready: list[tuple[Any, ...]], done: int, size: int) -> list[tuple[Any, ...]]:
    start = done % max(1, len(ready) - size)
    return [
        (f"{(done + i) * 2_654_435_761 % 2**32:08x}-{done + i}", *row)
        for i, row in enumerate(ready[start : start + size])
    ]


def sqlite_rate(folder: Path, size: int = 100, seconds: float = 2.0) -> float:
    """Rows a second of sqlite3's executemany, `size` rows a transaction (WAL, 8 kB pages)."""
    ready, path = rows(), folder / "limit.sqlite3"
    for leftover in folder.glob("limit.sqlite3*"):
        leftover.unlink()
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(f"CREATE TABLE t (number INTEGER PRIMARY KEY, {NAMES}, UNIQUE (id))")
    database.execute("CREATE INDEX t_time ON t (timestamp)")
    marks = ",".join("?" * len(TYPES))
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        database.execute("BEGIN IMMEDIATE")
        database.executemany(f"INSERT INTO t ({NAMES}) VALUES ({marks})", batch(ready, done, size))
        database.execute("COMMIT")
        done += size
    rate = done / (time.perf_counter() - began)
    database.close()
    return rate


def copy_rate(database_url: str, size: int = 1000, seconds: float = 2.0) -> float:
    """Rows a second of one client that writes with COPY, `size` rows a transaction."""
    import psycopg

    ready = rows()
    columns = ", ".join(f"{n} {t}" for n, t in zip(NAMES.split(", "), TYPES, strict=True))
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute("DROP TABLE IF EXISTS bench_limit")
        database.execute(
            f"CREATE TABLE bench_limit (number bigserial PRIMARY KEY, {columns}, UNIQUE (id))"
        )
        database.execute("CREATE INDEX ON bench_limit (timestamp)")
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            with (
                database.transaction(),
                database.cursor() as cursor,
                cursor.copy(f"COPY bench_limit ({NAMES}) FROM STDIN") as copy,
            ):
                for row in batch(ready, done, size):
                    copy.write_row(row)
            done += size
        rate = done / (time.perf_counter() - began)
        database.execute("DROP TABLE bench_limit")
    return rate
