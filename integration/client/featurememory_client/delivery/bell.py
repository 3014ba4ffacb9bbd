"""Wakes the sender. One raw lock: to ring it is safe in a finalizer, a signal handler, anywhere;
an Event would take a lock of its own that the interrupted code may hold already."""

from __future__ import annotations

import contextlib
import threading


class Bell:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # it rings already
            self._lock.release()

    def wait(self, seconds: float | None = None) -> bool:
        """True when it rang within that time."""
        return self._lock.acquire(timeout=-1 if seconds is None else max(0.0, seconds))
