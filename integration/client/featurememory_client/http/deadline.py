"""How long an exchange may take in all, and what its caller does while it waits."""

from __future__ import annotations

import time
from collections.abc import Callable

SLICE_S = 0.2  # how often a sender that waits looks after its queue


def do_nothing() -> None:
    """What most callers do meanwhile."""


class Deadline:
    """A moment, and something to be done every `SLICE_S` until then."""

    def __init__(self, seconds: float, meanwhile: Callable[[], None] = do_nothing) -> None:
        self._at = time.monotonic() + seconds
        self.meanwhile = meanwhile

    @property
    def remaining(self) -> float:
        return max(0.0, self._at - time.monotonic())

    def take_time(self) -> float:
        """Seconds until the deadline; TimeoutError once it has passed."""
        if not self.remaining:
            raise TimeoutError("the server did not answer in time")
        return self.remaining

    def take_slice(self) -> float:
        return min(SLICE_S, self.take_time())
