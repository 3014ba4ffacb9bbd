"""One writer at a time on SQLite.

SQLite's own busy wait polls and is not fair: under load a waiting writer can starve until its
timeout ("database is locked"). Our writers of one process queue on a lock instead. Who holds it also
keeps the log short.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction

_turn = threading.RLock()

# SQLite writes its log back at 4 MB, and begins it anew only when no reader is in it just then. Beyond
# this it is shortened by force; readers have PATIENCE_MS to get out.
LOG_MOST, PATIENCE_MS, TIMEOUT_MS = 7 << 20, 50, 20_000
AGAIN_S = 0.25  # after an attempt that a long reader (an export) stopped: it grew by 17 MB in 1 s
_shortened = [0.0]


@contextmanager
def write_turn() -> Iterator[None]:
    """A transaction; on SQLite the only one of this process that writes meanwhile."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            yield
        return
    with _turn:
        with transaction.atomic():
            yield
        shorten_log(LOG_MOST)


@contextmanager
def hold_writers() -> Iterator[None]:
    """For a statement that cannot run in a transaction: the writers of this process wait."""
    with _turn:
        yield
        shorten_log(LOG_MOST)


def measure_log_bytes() -> int:
    """Bytes of SQLite's write-ahead log; 0 in memory, or where the server keeps its own."""
    if connection.vendor != "sqlite":
        return 0
    try:
        return Path(f"{connection.settings_dict['NAME']}-wal").stat().st_size
    except OSError:  # in memory, or nothing written yet
        return 0


def shorten_log(most: int) -> None:
    """Writes the log back into the database and empties it, when it is larger than `most`."""
    now = time.monotonic()
    if measure_log_bytes() <= most or connection.in_atomic_block or now - _shortened[0] < AGAIN_S:
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            stopped = bool(cursor.fetchone()[0])
        finally:
            cursor.execute(f"PRAGMA busy_timeout={TIMEOUT_MS}")
    _shortened[0] = now if stopped else 0.0
