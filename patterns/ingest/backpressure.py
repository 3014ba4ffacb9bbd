"""Whether more may come in: pushes back before disk, memory, storage or the queue burst.

States with hysteresis, so that a value at its limit does not flap: a gauge closes at its limit and
opens again below a share of it; from 80 % on the state is degraded.
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

from django.conf import settings
from django.core.cache import cache
from django.db.models import Max

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import FeatureMemoryConfig
from patterns.models import ModelInteraction
from patterns.retention import disk_usage

DEGRADED = 0.8
CHECK_S = 2.0
TRIM_S = 10.0  # between two attempts to give memory back; one takes 0.1 s
PAGE = os.sysconf("SC_PAGE_SIZE")
# Share of `storage.max_size` that files and log may take together: rows alone stop at `space.room`, but
# a long reader (an export) lets the log grow.
STORAGE_FULL = 1 - disk_usage.MARGIN


@dataclass
class ResourceGauge:
    """One resource: `read` gives its use in the unit of `limit`. Asked every CHECK_S seconds, ten
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
        """What came in since the last look counts at once: the next one may be too late for it."""
        self.value += amount
        if self.value >= self.limit:
            self.closed = True

    @property
    def is_due(self) -> bool:
        wait = CHECK_S if self.state == "healthy" else CHECK_S / 10
        return time.monotonic() - self.checked >= wait

    def make_refusal(self) -> FeatureMemoryError:
        """A new error each time: one that is raised again keeps the frames of all times before,
        and with them the bodies of the requests refused."""
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
    """1 when only the reserve is left on the data directory's disk, less the more there is."""
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
    """Resident bytes. At the limit first what the process holds without need is given back."""
    found, now = read_resident_bytes(), time.monotonic()
    if found < settings.MEMORY_LIMIT or now - _trimmed[0] < TRIM_S:
        return float(found)
    _trimmed[0] = now
    gc.collect()
    with suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return float(read_resident_bytes())


def read_storage_limit() -> int:
    """Bytes the database may use: the largest `storage.max_size` of the projects that share it."""
    largest = FeatureMemoryConfig.objects.aggregate(most=Max("max_size"))["most"]
    return disk_usage.read_limit(int(largest or FeatureMemoryConfig().max_size))


_room = [1 << 50]  # for rows, as read last


def measure_storage_in_use(waits: float = 0.0) -> float:
    """Share of the limit taken: by rows, with what learning will add to those that wait, of the room
    for rows; or by the files with their log, of the limit itself. What the last cleanup had to leave
    (patterns, sums, examples) raises the limit: refusing would not make it less."""
    limit, floor = read_storage_limit(), (cache.get("storage_floor") or 0) * 1.1
    used, beside = disk_usage.measure_bytes_used(), disk_usage.measure_bytes_beside()
    _room[0] = int(max(disk_usage.compute_room(limit), floor))
    rows = (used + disk_usage.estimate_learning_bytes(waits)) / _room[0]
    return max(rows, (used + beside) / max(limit * STORAGE_FULL, floor + disk_usage.LOG))


def estimate_storage_added(count: int, size: int) -> float:
    """Share of the room that so many interactions with so many bytes of payload take once learned."""
    return (
        size + count * disk_usage.ROW_BYTES + disk_usage.estimate_learning_bytes(count)
    ) / _room[0]


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
        "storage.max_size is reached: nothing was stored. The oldest interactions are being "
        "forgotten; send again in a moment.",
        ErrorCode.STORAGE_FULL,
        {"retry_after": 3},
    )
    # A cleanup leaves 0.8 of the room; below this there is some again.
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
    # An allocator seldom gives a fifth back.
    return ResourceGauge(
        "memory", settings.MEMORY_LIMIT, read_memory_in_use, refusal, open_again=0.95
    )


def make_gauges() -> list[ResourceGauge]:
    on_disk = [make_disk_gauge()] if settings.STORAGE == "persistent" else []
    queue = make_queue_gauge()
    return [queue, make_storage_gauge(queue), make_memory_gauge(), *on_disk]


@dataclass
class Admission:
    """Asked for every request that stores."""

    gauges: list[ResourceGauge] = field(default_factory=make_gauges)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Raises 429, 503 or 507 with Retry-After while a gauge is closed."""
        self.refresh()
        for gauge in self.gauges:
            if gauge.closed:
                raise gauge.make_refusal()

    def refresh(self) -> None:
        """Reads the gauges that are due; while one thread does, the others go by what is known."""
        if not self.lock.acquire(blocking=False):
            return
        try:
            for gauge in self.gauges:
                if gauge.is_due:
                    gauge.update()
        finally:
            self.lock.release()

    def count_stored(self, count: int, size: int) -> None:
        """So many interactions with so many bytes of payload were stored just now."""
        for gauge in self.gauges:
            gauge.add(gauge.each(count, size))

    def reset(self) -> None:
        """As if nothing had been read yet."""
        self.gauges = make_gauges()

    @property
    def state(self) -> str:
        """healthy, degraded or unhealthy: the worst of the gauges."""
        states = {gauge.state for gauge in self.gauges}
        return next(s for s in ("unhealthy", "degraded", "healthy") if s in states)


admission = Admission()
