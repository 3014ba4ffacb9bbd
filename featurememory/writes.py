"""One writer at a time on SQLite.

SQLite's own busy wait polls and is not fair: under load a waiting writer can starve until its
timeout ("database is locked"). Our writers of one process queue on a lock instead.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_turn = threading.RLock()


@contextmanager
def write_turn() -> Iterator[None]:
    """A transaction; on SQLite the only one of this process that writes meanwhile."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            yield
        return
    with _turn, transaction.atomic():
        yield


@contextmanager
def writers_wait() -> Iterator[None]:
    """For a statement that cannot run in a transaction: the writers of this process wait."""
    with _turn:
        yield
