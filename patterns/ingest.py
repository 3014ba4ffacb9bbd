"""The fast way in: arrivals become rows in one transaction per group; 2xx only after the commit.

On SQLite one thread writes for all requests that wait (group commit): 30 small requests share one
commit. On PostgreSQL every request writes for itself.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from uuid import UUID

from django.db import close_old_connections, connection

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.writes import write_turn
from patterns.admission import admission
from patterns.contract import COLUMNS, Arrival
from patterns.models import ModelInteraction, Payload

TABLE = ModelInteraction._meta.db_table
PAYLOADS = Payload._meta.db_table
FIELDS = ("project_id", "id", *COLUMNS, "state")
# Bound on what may wait in memory for the writer: 50 groups of the largest batch.
WAITING, GROUP = 512, 4000
PATIENCE_S = 20.0


@dataclass(slots=True)
class Receipt:
    """Which arrivals were new, by position."""

    stored: list[bool]


@dataclass(slots=True)
class Delivery:
    project_id: UUID
    arrivals: Sequence[Arrival]
    done: Future[Receipt] = field(default_factory=Future)


class Writer:
    """The one thread that stores interactions on SQLite; started with the first delivery."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Delivery] = queue.Queue(WAITING)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def store(self, project_id: UUID, arrivals: Sequence[Arrival]) -> Receipt:
        self._ensure_running()
        delivery = Delivery(project_id, arrivals)
        try:
            self._queue.put(delivery, timeout=2.0)
        except queue.Full:
            raise overloaded() from None
        return delivery.done.result(PATIENCE_S)

    def _ensure_running(self) -> None:
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="fm-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._write(self._next_group())

    def _write(self, group: Sequence[Delivery]) -> None:
        """One bad delivery must not refuse the others of its group; a full disk refuses all."""
        try:
            write_group(group)
        except Exception:
            close_old_connections()
            for delivery in group:
                self._alone(delivery)

    def _alone(self, delivery: Delivery) -> None:
        try:
            write_group([delivery])
        except Exception as error:
            delivery.done.set_exception(error)

    def _next_group(self) -> list[Delivery]:
        group = [self._queue.get()]
        size = len(group[0].arrivals)
        while size < GROUP:
            try:
                group.append(self._queue.get_nowait())
            except queue.Empty:
                break
            size += len(group[-1].arrivals)
        return group


writer = Writer()


def store(project_id: UUID, arrivals: Sequence[Arrival]) -> Receipt:
    """Store what is new; a known (project, id) is a duplicate and changes nothing.

    Returns after the commit. Raises FeatureMemoryError 503 when too much waits.
    """
    if not arrivals:
        return Receipt([])
    admission.check()
    # In a test's transaction another thread would not see this one's rows.
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        return writer.store(project_id, arrivals)
    delivery = Delivery(project_id, arrivals)
    write_group([delivery])
    return delivery.done.result(0)


def write_group(group: Sequence[Delivery]) -> None:
    """All deliveries in one transaction; answers are given after the commit."""
    receipts: list[Receipt] = []
    with write_turn():
        insert = insert_sqlite if connection.vendor == "sqlite" else insert_postgresql
        receipts.extend(insert(delivery) for delivery in group)
    for delivery, receipt in zip(group, receipts, strict=True):
        delivery.done.set_result(receipt)


def first_of_each(arrivals: Sequence[Arrival], known: set[str]) -> list[bool]:
    """Which arrivals are neither known nor a repetition of an earlier one of the same delivery."""
    seen, fresh = set(known), []
    for arrival in arrivals:
        fresh.append(arrival.id not in seen)
        seen.add(arrival.id)
    return fresh


def insert_sqlite(delivery: Delivery) -> Receipt:
    arrivals, project = delivery.arrivals, delivery.project_id.hex
    with connection.cursor() as cursor:
        known: set[str] = set()
        ids = [arrival.id for arrival in arrivals]
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join(["%s"] * len(part))
            sql = f"SELECT id FROM {TABLE} WHERE project_id = %s AND id IN ({marks})"
            cursor.execute(sql, [project, *part])
            known.update(row[0] for row in cursor.fetchall())
        fresh = first_of_each(arrivals, known)
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [TABLE])
        last = (cursor.fetchone() or (0,))[0]
        new = [arrival for arrival, is_fresh in zip(arrivals, fresh, strict=True) if is_fresh]
        rows = [
            (last + offset, project, arrival.id, *arrival.columns, 0)
            for offset, arrival in enumerate(new, 1)
        ]
        marks = ",".join(["%s"] * (len(FIELDS) + 1))
        cursor.executemany(
            f"INSERT INTO {TABLE} (number, {','.join(FIELDS)}) VALUES ({marks})", rows
        )
        cursor.executemany(
            f"INSERT INTO {PAYLOADS} (number, data) VALUES (%s, %s)",
            [(row[0], arrival.payload) for row, arrival in zip(rows, new, strict=True)],
        )
    return Receipt(fresh)


TYPES = [
    "uuid",
    "text",
    "text",
    "text",
    "text",
    "text",
    "bigint",
    "bigint",
    "float8",
    "float8",
    "float8",
    "float8",
    "float8",
    "float8",
    "float8",
    "float8",
    "bool",
    "float8",
    "smallint",
]


def insert_postgresql(delivery: Delivery) -> Receipt:
    """One INSERT … SELECT unnest for all rows: other processes may insert the same ids meanwhile,
    so the unique constraint decides, and RETURNING says what was new."""
    fresh = first_of_each(delivery.arrivals, set())
    new = {
        arrival.id: arrival
        for arrival, is_fresh in zip(delivery.arrivals, fresh, strict=True)
        if is_fresh
    }
    # Sorted: two requests that share ids lock them in the same order and cannot deadlock.
    rows = [(delivery.project_id, name, *new[name].columns, 0) for name in sorted(new)]
    columns = ", ".join(f"%s::{kind}[]" for kind in TYPES)
    sql = (
        f"INSERT INTO {TABLE} ({', '.join(FIELDS)}) SELECT * FROM unnest({columns}) "
        "ON CONFLICT (project_id, id) DO NOTHING RETURNING number, id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])
        numbers = {name: number for number, name in cursor.fetchall()}
        cursor.execute(
            f"INSERT INTO {PAYLOADS} (number, data) SELECT * FROM unnest(%s::bigint[], %s::bytea[])",
            [list(numbers.values()), [new[name].payload for name in numbers]],
        )
    stored = [
        is_fresh and arrival.id in numbers
        for arrival, is_fresh in zip(delivery.arrivals, fresh, strict=True)
    ]
    return Receipt(stored)


def overloaded() -> FeatureMemoryError:
    return FeatureMemoryError(
        "Too many interactions wait to be stored: nothing of this request was stored, try again.",
        ErrorCode.OVERLOADED,
        {"retry_after": 2},
    )
