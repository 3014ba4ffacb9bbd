"""What was deleted leaves no byte in the database's files."""

from __future__ import annotations

import time

from django.db import connection

from featurememory.database.write_lock import hold_writers, shorten_log

TRIES = 40


def overwrite_free_pages() -> bool:
    """SQLite: write the file anew and empty its log; whether no reader was in the way. PostgreSQL:
    vacuum, after which new rows overwrite the space. Not inside a transaction (a test's)."""
    if connection.in_atomic_block:
        return True
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("VACUUM")
            return True
        with hold_writers():
            cursor.execute("VACUUM")
        return empty_log()


def empty_log() -> bool:
    """Readers may hold the log for a moment: try again, for ten seconds at most."""
    for _ in range(TRIES):
        shorten_log(0)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if not cursor.fetchone()[0]:
                return True
        time.sleep(0.25)
    return False
