"""Whether more may come in: pushes back before the disk is full or the queue bursts.

States with hysteresis, so that a value at its limit does not flap: a gauge closes at its limit and
opens again at 80 % of it; from 80 % on the state is degraded.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.models import ModelInteraction

OPEN_AGAIN = 0.8
CHECK_S = 2.0
MiB = 1 << 20


@dataclass
class Gauge:
    """One resource: `read` gives its use in the unit of `limit`."""

    name: str
    limit: float
    read: Callable[[], float]
    refusal: FeatureMemoryError
    value: float = 0.0
    closed: bool = False

    def update(self) -> None:
        self.value = self.read()
        if self.value >= self.limit:
            self.closed = True
        elif self.value < self.limit * OPEN_AGAIN:
            self.closed = False

    @property
    def state(self) -> str:
        if self.closed:
            return "unhealthy"
        return "degraded" if self.value >= self.limit * OPEN_AGAIN else "healthy"


def waiting() -> float:
    """Pending interactions, counted no further than their limit."""
    # No order: in that of the number, SQLite would read the whole table every CHECK_S.
    rows = ModelInteraction.objects.pending().order_by()
    return float(rows[: settings.QUEUE_LIMIT].count())


def disk_pressure() -> float:
    """1 when only the reserve is left on the data directory's disk, less the more there is."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    return settings.DISK_RESERVE / max(1, free)


def queue_gauge() -> Gauge:
    refusal = FeatureMemoryError(
        "Recognition is behind by more than the queue may hold; send again later.",
        ErrorCode.THROTTLED,
        {"retry_after": 5},
    )
    return Gauge("queue", settings.QUEUE_LIMIT, waiting, refusal)


def disk_gauge() -> Gauge:
    refusal = FeatureMemoryError(
        "The disk is almost full: nothing was stored. Free some space; no restart is needed.",
        ErrorCode.STORAGE_FULL,
        {"retry_after": 5},
    )
    return Gauge("disk", 1.0, disk_pressure, refusal)


@dataclass
class Admission:
    """Asked for every request that stores; looks at the gauges every CHECK_S seconds."""

    gauges: list[Gauge] = field(default_factory=lambda: [queue_gauge(), disk_gauge()])
    checked: float = -CHECK_S
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Raises 429 or 507 with Retry-After while a gauge is closed."""
        self.refresh(CHECK_S if self.state != "unhealthy" else CHECK_S / 10)
        for gauge in self.gauges:
            if gauge.closed:
                raise gauge.refusal

    def refresh(self, after_s: float = CHECK_S) -> None:
        with self.lock:
            if time.monotonic() - self.checked < after_s:
                return
            self.checked = time.monotonic()
        for gauge in self.gauges:
            gauge.update()

    @property
    def state(self) -> str:
        """healthy, degraded or unhealthy: the worst of the gauges."""
        states = {gauge.state for gauge in self.gauges}
        return next(s for s in ("unhealthy", "degraded", "healthy") if s in states)


admission = Admission()
