"""Room for the calls that run at once: none begins whose forecast does not fit."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.execution.forecasts import Forecast

LOOK_S = 0.02  # seconds between two looks of a coroutine


class Reservations:
    """Bounds on all calls that run together: `calls`, `tokens`, bytes of `memory`.

    A call reserves the upper ends of its forecast until it ends, and waits for room up to
    `patience_s`. One that is larger than a bound runs alone. What nothing is known of reserves a
    call only.
    """

    def __init__(
        self,
        *,
        calls: float = math.inf,
        tokens: float = math.inf,
        memory: float = math.inf,
        patience_s: float = 30.0,
    ) -> None:
        self.limits = {"calls": calls, "tokens": tokens, "memory_usage": memory}
        self.held = dict.fromkeys(self.limits, 0.0)
        self.patience_s = patience_s
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, forecast: Forecast) -> Iterator[None]:
        """Reserve for the time of the block. OVERLOADED when there is no room in time."""
        wanted = self._wanted(forecast)
        with self._changed:
            if not self._changed.wait_for(lambda: self._fits(wanted), self.patience_s):
                raise self._refusal()
            self._add(wanted, 1)
        try:
            yield
        finally:
            self._release(wanted)

    @asynccontextmanager
    async def hold_async(self, forecast: Forecast) -> AsyncIterator[None]:
        wanted, until = self._wanted(forecast), time.monotonic() + self.patience_s
        while not self._take(wanted):
            if time.monotonic() >= until:
                raise self._refusal()
            await asyncio.sleep(LOOK_S)
        try:
            yield
        finally:
            self._release(wanted)

    def _wanted(self, forecast: Forecast) -> dict[str, float]:
        upper = {name: ends[1] for name, ends in forecast.items() if name in self.limits}
        return {"calls": 1.0, **upper}

    def _fits(self, wanted: dict[str, float]) -> bool:
        return not self.held["calls"] or all(
            self.held[name] + amount <= self.limits[name] for name, amount in wanted.items()
        )

    def _take(self, wanted: dict[str, float]) -> bool:
        with self._changed:
            fits = self._fits(wanted)
            if fits:
                self._add(wanted, 1)
            return fits

    def _release(self, wanted: dict[str, float]) -> None:
        with self._changed:
            self._add(wanted, -1)
            if not self.held["calls"]:
                self.held = dict.fromkeys(self.limits, 0.0)  # sums of floats leave remainders
            self._changed.notify_all()

    def _add(self, wanted: dict[str, float], sign: int) -> None:
        for name, amount in wanted.items():
            self.held[name] += sign * amount

    def _refusal(self) -> FeatureMemoryError:
        return FeatureMemoryError(
            f"No room for this call within {self.patience_s:g} s: others that run reserve it.",
            ErrorCode.OVERLOADED,
            {"retry_after": 1},
        )
