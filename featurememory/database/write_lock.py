"""One writer at a time on SQLite.

SQLite's own busy wait polls and is not fair: under load a waiting writer can starve until its
timeout ("database is locked"). The writers of this process queue on a lock instead. Its holder also
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

# SQLite checkpoints its log at 4 MB and restarts it only when no reader uses it. Beyond LOG_MOST it is
# truncated; readers get PATIENCE_MS to finish.
LOG_MOST, PATIENCE_MS, TIMEOUT_MS = 7 << 20, 50, 20_000
AGAIN_S = 0.25  # pause after an attempt that a long reader (an export) blocked: the log grew by 17 MB in 1 s
_shortened = [0.0]


@contextmanager
def write_turn() -> Iterator[None]:
    """A transaction; on SQLite the only writing one of this process."""
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
    """Block the writers of this process, for a statement that cannot run in a transaction."""
    with _turn:
        yield
        shorten_log(LOG_MOST)


def measure_log_bytes() -> int:
    """Bytes of SQLite's write-ahead log; 0 in memory and on PostgreSQL."""
    if connection.vendor != "sqlite":
        return 0
    try:
        return Path(f"{connection.settings_dict['NAME']}-wal").stat().st_size
    except OSError:  # in memory, or nothing written yet
        return 0


def shorten_log(most: int) -> None:
    """Checkpoint and truncate the log when it is larger than `most` bytes."""
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
