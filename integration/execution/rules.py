"""How long and how often a model is tried, and which other models stand in for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from featurememory.errors import ErrorCode, FeatureMemoryError
from optimizations.engine.domain.task import Applied

# Answers of a provider that pass: too early, too many, gone away. The rest of 4xx stays as it is.
PASSING = frozenset({408, 409, 425, 429, *range(500, 600)})
# What SDKs and httpx raise when there is no answer at all.
PASSING_ERRORS = frozenset({"APIConnectionError", "TransportError"})
LONGEST_WISH_S = 60.0  # a provider's Retry-After beyond it is no pause but a refusal


@dataclass(frozen=True)
class ExecutionRules:
    """`attempts` at one model, each `timeout_s` long at most (None: as long as it takes).

    Before the n-th attempt a pause of up to `first_pause_s` · 2^(n−1) seconds, at most
    `longest_pause_s`, drawn evenly from 0 up ("full jitter": many callers that failed together do
    not come back together) or as long as the provider asks. `fallbacks`: model → models that are
    tried in order once it has failed. Within `patience_s` in all, pauses and fallbacks included.
    """

    attempts: int = 1
    timeout_s: float | None = None
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0
    patience_s: float = math.inf
    fallbacks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        times = (self.first_pause_s, self.longest_pause_s, self.patience_s)
        fits = self.timeout_s is None or self.timeout_s > 0
        if self.attempts < 1 or min(times) < 0 or not fits:
            raise ValueError("attempts from 1, pauses from 0, timeout_s above 0")

    def follow(self, applied: Sequence[Applied]) -> ExecutionRules:
        """These rules with the limits of an optimization that was applied (kind `timeout`)."""
        found = self
        for entry in applied:
            if entry.type == "timeout" and entry.arm == "treatment":
                limit, retries = entry.params.get("timeout_ms"), entry.params.get("retries")
                if isinstance(limit, int | float) and isinstance(retries, int):
                    attempts = max(self.attempts, 1 + retries)
                    found = replace(found, timeout_s=limit / 1000, attempts=attempts)
        return found

    def find_pause(self, attempt: int, error: BaseException, share: float) -> float | None:
        """Seconds until the next attempt; None when there is none. `share`: a number from 0 to 1."""
        if attempt >= self.attempts or not is_passing(error):
            return None
        wished = find_wished_pause(error)
        if wished is not None:
            return wished if wished <= LONGEST_WISH_S else None
        return share * min(self.longest_pause_s, self.first_pause_s * 2.0 ** min(attempt - 1, 60))


def is_passing(error: BaseException) -> bool:
    """Whether the same call may succeed a moment later."""
    if isinstance(error, FeatureMemoryError):  # of ours: no such model, left alone, no room
        return False
    status = find_status(error)
    if status is not None:
        return status in PASSING
    if isinstance(error, OSError):  # a TimeoutError is one
        return True
    return any(base.__name__ in PASSING_ERRORS for base in type(error).__mro__)


def is_models_fault(error: BaseException) -> bool:
    """Whether a failure speaks against the model: not when it refused what it was asked."""
    return find_status(error) not in (400, 413, 422)


def is_refusal(error: BaseException | None) -> bool:
    """Nothing ran: there was no room, or the model is left alone. There is nothing to learn of it."""
    codes = (ErrorCode.OVERLOADED, ErrorCode.MODEL_FAILED)
    return isinstance(error, FeatureMemoryError) and error.code in codes


def find_status(error: BaseException) -> int | None:
    """The HTTP status an SDK's error carries, or its response does."""
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def find_wished_pause(error: BaseException) -> float | None:
    """Seconds of the answer's Retry-After; None for none, and for a date."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        seconds = float(headers.get("retry-after"))
    except (TypeError, ValueError, AttributeError):
        return None
    return seconds if 0 <= seconds < math.inf else None
