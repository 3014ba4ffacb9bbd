"""Reading everything as it was at one moment, while others go on writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from optimizations.decision_log.log import catch_up


@contextmanager
def read_consistently() -> Iterator[None]:
    """Everything read inside is of one moment. Inside a transaction (a test's) it is that one's."""
    catch_up()  # decisions that are still in the journal
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with read_on_sqlite():
            yield
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


@contextmanager
def read_on_sqlite() -> Iterator[None]:
    """Django's own transactions are IMMEDIATE: they would keep every writer out."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
