"""What went wrong, kept for `stats` and told to the caller's `on_error`: never raised."""

from __future__ import annotations

import contextlib
from collections import deque

from featurememory_client.settings import OnError

MOST_UNTOLD = 100


class Reporter:
    def __init__(self, on_error: OnError) -> None:
        self._on_error = on_error
        self._untold: deque[Exception] = deque(maxlen=MOST_UNTOLD)
        self.last_error: str | None = None

    @property
    def has_listener(self) -> bool:
        return self._on_error is not None

    def report(self, error: Exception) -> None:
        """Safe anywhere, and quick: `on_error` runs later, in the sender's thread."""
        self.last_error = f"{type(error).__name__}: {error}"[:500]
        if self._on_error is not None:
            self._untold.append(error)

    def tell(self) -> None:
        while self._untold and self._on_error is not None:
            with contextlib.suppress(Exception):  # it is not ours, and nobody waits for it
                self._on_error(self._untold.popleft())
