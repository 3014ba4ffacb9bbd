"""Refuses new interactions before disk, memory, storage or the queue are exhausted.

Hysteresis keeps a value near its limit from flapping: a gauge closes at its limit and opens again
below a share of it. From 80 % on its state is degraded.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.ingest.project_storage import ProjectStorage
from patterns.models import ModelInteraction
from patterns.retention import disk_usage, project_use

DEGRADED = 0.8
CHECK_S = 2.0
TRIM_S = 10.0  # between two attempts to give memory back; one takes 0.1 s
PAGE = os.sysconf("SC_PAGE_SIZE")
# Share of `storage.max_size` that files and log may take together. Rows alone stop at
# `disk_usage.compute_room`, but a long reader (an export) lets the log grow.
STORAGE_FULL = 1 - disk_usage.MARGIN


@dataclass
class ResourceGauge:
    """Use of one resource; `read` returns it in the unit of `limit`. Read every CHECK_S seconds, ten
    times as often while it is not healthy."""

    name: str
    limit: float
    read: Callable[[], float]
    refusal: FeatureMemoryError
    open_again: float = DEGRADED
    each: Callable[[int, int], float] = lambda count, size: (
        0.0
    )  # what so many payloads add to `value`
    value: float = 0.0
    closed: bool = False
    checked: float = -CHECK_S

    def update(self) -> None:
        self.checked = time.monotonic()
        self.value = self.read()
        if self.value < self.limit * self.open_again:
            self.closed = False
        self.add(0)

    def add(self, amount: float) -> None:
        """Count what was stored since the last reading at once: the next reading may come too late."""
        self.value += amount
        if self.value >= self.limit:
            self.closed = True

    @property
    def is_due(self) -> bool:
        wait = CHECK_S if self.state == "healthy" else CHECK_S / 10
        return time.monotonic() - self.checked >= wait

    def make_refusal(self) -> FeatureMemoryError:
        """A new error each time: an error that is raised again keeps the frames of all earlier raises,
        and with them the bodies of the refused requests."""
        return FeatureMemoryError(self.refusal.message, self.refusal.code, self.refusal.details)

    @property
    def state(self) -> str:
        if self.closed:
            return "unhealthy"
        return "degraded" if self.value >= self.limit * DEGRADED else "healthy"


def count_waiting() -> float:
    """Pending interactions, counted no further than their limit."""
    # No order: in that of the number, SQLite would read the whole table every CHECK_S.
    rows = ModelInteraction.objects.pending().order_by()
    return float(rows[: settings.QUEUE_LIMIT].count())


def measure_disk_pressure() -> float:
    """FM_DISK_RESERVE as a share of the free bytes on the disk of the data directory."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    return settings.DISK_RESERVE / max(1, free)


def read_resident_bytes() -> int:
    """Resident bytes of this process now; the highest so far where /proc is missing."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


_trimmed = [-TRIM_S]


def read_memory_in_use() -> float:
    """Resident bytes. At the limit, memory the process does not need is released first."""
    found, now = read_resident_bytes(), time.monotonic()
    if found < settings.MEMORY_LIMIT or now - _trimmed[0] < TRIM_S:
        return float(found)
    _trimmed[0] = now
    gc.collect()
    with suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return float(read_resident_bytes())


projects = ProjectStorage()
_room = [1 << 50]  # bytes for rows, as last read


def measure_storage_in_use(waits: float = 0.0) -> float:
    """Use of storage as a share of its limit, the higher of two: bytes of rows (with what learning the
    `waits` pending ones will add) of the room for rows; bytes of the files with their log of the whole
    limit. What the last cleanup had to keep (patterns, sums, examples) raises the limit: refusing
    requests would not shrink it."""
    limit, floor = project_use.read_server_limit(), (cache.get("storage_floor") or 0) * 1.1
    used, beside = disk_usage.measure_bytes_used(), disk_usage.measure_bytes_beside()
    _room[0] = int(max(disk_usage.compute_room(limit), floor))
    claim = used + disk_usage.estimate_learning_bytes(waits)
    projects.read(claim, _room[0])
    return max(
        claim / _room[0], (used + beside) / max(limit * STORAGE_FULL, floor + disk_usage.LOG)
    )


def estimate_bytes_added(count: int, size: int) -> int:
    """Bytes that `count` interactions with `size` bytes of payload take once learned."""
    return size + count * disk_usage.ROW_BYTES + disk_usage.estimate_learning_bytes(count)


def estimate_storage_added(count: int, size: int) -> float:
    """The same as a share of the room."""
    return estimate_bytes_added(count, size) / _room[0]


def make_queue_gauge() -> ResourceGauge:
    refusal = FeatureMemoryError(
        "Recognition is behind by more than the queue may hold; send again later.",
        ErrorCode.THROTTLED,
        {"retry_after": 5},
    )
    return ResourceGauge(
        "queue", settings.QUEUE_LIMIT, count_waiting, refusal, each=lambda count, _: count
    )


def make_disk_gauge() -> ResourceGauge:
    refusal = FeatureMemoryError(
        "The disk is almost full: nothing was stored. Free some space; no restart is needed.",
        ErrorCode.STORAGE_FULL,
        {"retry_after": 5},
    )
    return ResourceGauge("disk", 1.0, measure_disk_pressure, refusal)


def make_storage_gauge(queue: ResourceGauge) -> ResourceGauge:
    refusal = FeatureMemoryError(
        "The server's storage is full (storage.max_size, FM_STORAGE_MAX_SIZE): nothing was stored. The "
        "oldest interactions are being forgotten; send again in a moment.",
        ErrorCode.STORAGE_FULL,
        {"retry_after": 3},
    )
    # A cleanup leaves 0.8 of the room.
    return ResourceGauge(
        "storage",
        1.0,
        lambda: measure_storage_in_use(queue.value),
        refusal,
        open_again=0.95,
        each=estimate_storage_added,
    )


def make_memory_gauge() -> ResourceGauge:
    refusal = FeatureMemoryError(
        "The server uses as much memory as FM_MEMORY_LIMIT allows: nothing was stored, try again.",
        ErrorCode.OVERLOADED,
        {"retry_after": 5},
    )
    # Allocators rarely return a fifth of the memory.
    return ResourceGauge(
        "memory", settings.MEMORY_LIMIT, read_memory_in_use, refusal, open_again=0.95
    )


def make_gauges() -> list[ResourceGauge]:
    on_disk = [make_disk_gauge()] if settings.STORAGE == "persistent" else []
    queue = make_queue_gauge()
    return [queue, make_storage_gauge(queue), make_memory_gauge(), *on_disk]


@dataclass
class Admission:
    """Decides for every storing request whether it is accepted."""

    gauges: list[ResourceGauge] = field(default_factory=make_gauges)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, project_id: UUID) -> None:
        """Raise 429, 503 or 507 with Retry-After while a gauge is closed, or the project is full. A full
        storage closes only for projects that hold more than their share of it."""
        self.refresh()
        for gauge in self.gauges:
            if gauge.closed and not (
                gauge.name == "storage" and projects.is_within_share(project_id)
            ):
                raise gauge.make_refusal()
        projects.check(project_id)

    def refresh(self) -> None:
        """Read the gauges that are due; other threads use the known values meanwhile."""
        if not self.lock.acquire(blocking=False):
            return
        try:
            for gauge in self.gauges:
                if gauge.is_due:
                    gauge.update()
        finally:
            self.lock.release()

    def count_stored(self, project_id: UUID, count: int, size: int) -> None:
        """Count `count` interactions with `size` bytes of payload that were just stored."""
        for gauge in self.gauges:
            gauge.add(gauge.each(count, size))
        projects.add(project_id, estimate_bytes_added(count, size))

    def reset(self) -> None:
        """Forget all readings."""
        self.gauges = make_gauges()
        projects.forget()

    @property
    def state(self) -> str:
        """healthy, degraded or unhealthy: the worst of the gauges."""
        states = {gauge.state for gauge in self.gauges}
        return next(s for s in ("unhealthy", "degraded", "healthy") if s in states)


admission = Admission()
