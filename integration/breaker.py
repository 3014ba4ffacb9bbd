"""A circuit breaker for each model: after too many failures its calls are refused for a while.

Closed: calls pass and are counted. Open: calls are refused. Half-open: one probe passes (M. Nygard,
Release It!, 2007).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias

from featurememory.errors import ErrorCode, FeatureMemoryError

State: TypeAlias = Literal["closed", "open", "half_open"]


class CircuitBreaker:
    """Opens when at least `failure_threshold` (0 to 1) of the last calls failed, once there were
    `minimum_requests`; after `cooldown` seconds one call decides whether it closes again.
    """

    WINDOW = 20

    def __init__(
        self,
        failure_threshold: float = 0.5,
        minimum_requests: int = 5,
        cooldown: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0 < failure_threshold <= 1 or minimum_requests < 1 or cooldown < 0:
            raise ValueError(
                "failure_threshold in (0, 1], minimum_requests from 1, cooldown from 0"
            )
        self.failure_threshold = failure_threshold
        self.minimum_requests = minimum_requests
        self.cooldown = cooldown
        self._clock = clock
        self._failed: deque[bool] = deque(maxlen=max(self.WINDOW, minimum_requests))
        self._opened: float | None = None
        self._probing = False
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        if self._opened is None:
            return "closed"
        return "half_open" if self._clock() - self._opened >= self.cooldown else "open"

    def admit(self) -> bool:
        """Whether a call may be made now; half-open, only the first one may."""
        with self._lock:
            state = self.state
            if state == "closed":
                return True
            if state == "open" or self._probing:
                return False
            self._probing = True
            return True

    def check(self, model_id: str) -> None:
        """Raise MODEL_FAILED when the call may not be made."""
        if not self.admit():
            raise FeatureMemoryError(
                f"The model {model_id!r} has failed too often; it is tried again in "
                f"{self.cooldown:g} s.",
                ErrorCode.MODEL_FAILED,
                {"model_id": model_id},
            )

    def record(self, success: bool) -> None:
        """Record the outcome of an admitted call."""
        with self._lock:
            if self._opened is not None and not self._probing:
                return  # the call started before the circuit opened
            if self._probing:
                self._probing = False
                self._opened = None if success else self._clock()
                self._failed.clear()
                return
            self._failed.append(not success)
            enough = len(self._failed) >= self.minimum_requests
            if enough and sum(self._failed) >= self.failure_threshold * len(self._failed):
                self._opened = self._clock()

    def forget_probe(self) -> None:
        """Release the probe of a call that was cancelled."""
        with self._lock:
            self._probing = False
