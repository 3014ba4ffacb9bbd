"""Store arrivals, one transaction per group; requests are answered after the commit.

On SQLite one thread writes for all waiting requests (group commit): 30 small requests share one
commit. On PostgreSQL every request writes its own rows by COPY.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.db import close_old_connections, connection

from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.process import request_priority
from patterns.ingest.backpressure import admission
from patterns.ingest.bulk_insert import insert_postgresql, insert_sqlite
from patterns.ingest.redacted_arrivals import redact_arrivals
from patterns.ingest.schema import Arrival
from patterns.retention import disk_usage, project_use

# Bound on what may wait in memory for the writer: 50 groups of the largest batch.
WAITING, GROUP = 512, 4000
PATIENCE_S = 20.0
# A commit costs as much as reading a request: worth waiting for requests being read.
GATHER_S = 0.002


@dataclass(slots=True)
class StoreResult:
    """Which arrivals were new, by position."""

    stored: list[bool]


@dataclass(slots=True)
class Delivery:
    project_id: UUID
    arrivals: Sequence[Arrival]
    done: Future[StoreResult] = field(default_factory=Future)


class Writer:
    """The one thread that stores interactions on SQLite; started with the first delivery."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Delivery] = queue.Queue(WAITING)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def store(self, project_id: UUID, arrivals: Sequence[Arrival]) -> StoreResult:
        self._ensure_running()
        delivery = Delivery(project_id, arrivals)
        try:
            self._queue.put(delivery, timeout=2.0)
        except queue.Full:
            raise make_overloaded_error() from None
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
        """Write a group; if that fails, write each delivery alone, so that a bad one fails alone."""
        try:
            write_group(group)
        except Exception:
            close_old_connections()
            for delivery in group:
                self._write_alone(delivery)

    def _write_alone(self, delivery: Delivery) -> None:
        try:
            write_group([delivery])
        except Exception as error:
            delivery.done.set_exception(error)

    def _next_group(self) -> list[Delivery]:
        """What is queued, and what requests in progress deliver within GATHER_S."""
        group = [self._queue.get()]
        until = time.monotonic() + GATHER_S
        size = len(group[0].arrivals)
        while size < GROUP:
            more = len(group) < request_priority.count_other_requests()
            patience = max(0.0, until - time.monotonic()) if more else 0.0
            try:
                group.append(self._queue.get(patience > 0, patience))
            except queue.Empty:
                break
            size += len(group[-1].arrivals)
        return group


writer = Writer()


def store_arrivals(project_id: UUID, arrivals: Sequence[Arrival]) -> StoreResult:
    """Store what is new; a known (project, id) is a duplicate and changes nothing.

    Returns after the commit. Raises FeatureMemoryError 503 when too much waits.
    """
    if not arrivals:
        return StoreResult([])
    admission.check(project_id)
    arrivals = redact_arrivals(project_id, arrivals)
    # In a test's transaction another thread would not see this one's rows.
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        return writer.store(project_id, arrivals)
    delivery = Delivery(project_id, arrivals)
    write_group([delivery])
    return delivery.done.result(0)


def write_group(group: Sequence[Delivery]) -> None:
    """Write all deliveries in one transaction, one insert per project; resolve them after the commit."""
    by_project: dict[UUID, list[Delivery]] = {}
    for delivery in group:
        by_project.setdefault(delivery.project_id, []).append(delivery)
    stored: dict[UUID, Iterator[bool]] = {}
    with write_turn():
        insert = insert_sqlite if connection.vendor == "sqlite" else insert_postgresql
        for project_id, deliveries in by_project.items():
            arrivals = [one for delivery in deliveries for one in delivery.arrivals]
            stored[project_id] = iter(insert(project_id, arrivals))
    for delivery in group:
        fresh = list(islice(stored[delivery.project_id], len(delivery.arrivals)))
        count_stored(delivery, fresh)
        delivery.done.set_result(StoreResult(fresh))


def count_stored(delivery: Delivery, fresh: list[bool]) -> None:
    """Count what was new, for the gauges and for its project; what was known takes no room."""
    count = sum(fresh)
    size = sum(len(one.payload) for one, new in zip(delivery.arrivals, fresh, strict=True) if new)
    admission.count_stored(delivery.project_id, count, size)
    bytes_added = size + count * disk_usage.ROW_BYTES
    project_use.add_bytes(delivery.project_id, interactions=bytes_added)


def make_overloaded_error() -> FeatureMemoryError:
    return FeatureMemoryError(
        "Too many interactions wait to be stored: nothing of this request was stored, try again.",
        ErrorCode.OVERLOADED,
        {"retry_after": 2},
    )
