"""Stops asking a server that does not answer, so that only the first few callers wait for it.

While it is open nobody waits. Whether the server is back is tried beside the callers, never by
one of them.
"""

from __future__ import annotations

import threading
import time

THRESHOLD = 3  # failures in a row
FIRST_S, LONGEST_S = 1.0, 30.0


class Breaker:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._failures = 0
        self._probe_at = 0.0
        self._pause_s = FIRST_S

    @property
    def is_open(self) -> bool:
        return self._failures >= THRESHOLD

    def note_success(self) -> None:
        with self._lock:
            self._failures, self._pause_s = 0, FIRST_S

    def note_failure(self) -> None:
        with self._lock:
            was_open = self.is_open
            self._failures += 1
            if self.is_open:
                self._pause_s = min(LONGEST_S, 2 * self._pause_s) if was_open else FIRST_S
                self._probe_at = time.monotonic() + self._pause_s

    def take_probe(self) -> bool:
        """True for one caller at a time, once it is time to see whether the server is back."""
        with self._lock:
            if not self.is_open or time.monotonic() < self._probe_at:
                return False
            self._probe_at = float("inf")  # until this probe has succeeded or failed
            return True
