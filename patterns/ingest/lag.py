"""Whether recognition keeps up: the age of the oldest pending interaction.

A late recognition refuses nothing, it only makes the state degraded: from FM_LAG_LIMIT on, in two
readings in a row, until the age is below half of it. Failed records that are tried again, and bursts,
do not make it flap.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.db.models import Min

from patterns.models import ModelInteraction

CHECK_S = 2.0


def find_oldest_waiting_ms() -> int | None:
    """When the oldest pending interaction was received. Numbers rise with time, and the queue's index
    holds them: no row but one is read."""
    # No order: ordered by number, SQLite would read the whole table.
    waiting = ModelInteraction.objects.pending().order_by()
    first = waiting.aggregate(first=Min("number"))["first"]
    rows = ModelInteraction.objects.filter(pk=first).values_list("received_at", flat=True)
    return rows.first() if first is not None else None


class LagGauge:
    """The age in seconds, read at most every CHECK_S seconds."""

    def __init__(self) -> None:
        self.seconds, self.late, self.seen_late = 0.0, False, False
        self.checked = -CHECK_S

    def refresh(self) -> None:
        if time.monotonic() - self.checked < CHECK_S:
            return
        self.checked = time.monotonic()
        oldest = find_oldest_waiting_ms()
        self.update(0.0 if oldest is None else max(0.0, time.time() - oldest / 1000))

    def update(self, seconds: float) -> None:
        """Take a reading: late from the second one over the limit on, until one below half of it."""
        self.seconds, over = seconds, seconds >= settings.LAG_LIMIT
        if over and self.seen_late:
            self.late = True
        if seconds < settings.LAG_LIMIT / 2:
            self.late = False
        self.seen_late = over

    @property
    def state(self) -> str:
        return "degraded" if self.late else "healthy"

    @property
    def detail(self) -> str:
        """What is wrong, for people; "" when nothing is."""
        if not self.late:
            return ""
        return (
            f"Recognition is behind: the oldest pending interaction has waited for {self.seconds:,.0f} s. "
            "Look at System health and the log of the process that learns."
        )


lag = LagGauge()
