"""Requests and bytes per minute: of each key, as its project chooses, and of each address.

Counted over a sliding minute: the current one and the part of the last one that still lies in it.
Processes share the counts through Redis when there is one; else, or while it is down, each counts alone.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError
from rest_framework.request import Request

from featurememory.config import config_of
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.problems import build_problem

MINUTE = 60.0
# Names counted in memory; beyond it those of past minutes go, and then all.
NAMES = 20_000
CHARGE = "featurememory.charge"  # in META: counts the bytes of a body without Content-Length
Handler = Callable[[HttpRequest], HttpResponse]


class MinuteCounts:
    """Amounts by name and minute, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], int] = {}

    def add(self, name: str, minute: int, amount: int) -> None:
        with self._lock:
            if len(self._counts) >= NAMES:
                self._forget(minute)
            self._counts[name, minute] = self._counts.get((name, minute), 0) + amount

    def get(self, name: str, minute: int) -> int:
        return self._counts.get((name, minute), 0)

    def _forget(self, minute: int) -> None:
        kept = {key: count for key, count in self._counts.items() if key[1] >= minute - 1}
        self._counts = kept if len(kept) < NAMES else {}

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()


own_counts = MinuteCounts()


def add_count(name: str, minute: int, amount: int) -> None:
    own_counts.add(name, minute, amount)
    if settings.REDIS_URL:
        with suppress(RedisError, ValueError):
            key = f"rate:{name}:{minute}"
            cache.add(key, 0, 3 * MINUTE)
            cache.incr(key, amount)


def get_count(name: str, minute: int) -> int:
    own = own_counts.get(name, minute)
    if settings.REDIS_URL:
        return max(own, int(cache.get(f"rate:{name}:{minute}") or 0))
    return own


def take(name: str, amount: int, limit: int, now: float | None = None) -> float:
    """Count `amount` and return 0, or, when that exceeds `limit` per minute, the seconds to wait. What is
    larger than the limit alone is let through when nothing was counted before it."""
    moment = time.time() if now is None else now
    minute, elapsed = int(moment // MINUTE), moment % MINUTE
    current, last = get_count(name, minute), get_count(name, minute - 1)
    used = current + last * (1 - elapsed / MINUTE)
    if used + amount > limit and used > 0:
        return find_wait(current, last, elapsed, limit - amount)
    add_count(name, minute, amount)
    return 0.0


def find_wait(current: int, last: int, elapsed: float, most: int) -> float:
    """Seconds until the sliding sum is at most `most`."""
    if current <= most and last:
        return max(1.0, MINUTE * (1 - (most - current) / last) - elapsed)
    share = max(0.0, 1 - max(0, most) / current) if current else 1.0
    return max(1.0, MINUTE - elapsed + MINUTE * share)


def limit_key(request: Request, key: Any) -> None:
    """Raise 429 when a key exceeds `limits.requests_per_minute` or `limits.bytes_per_minute`."""
    config = config_of(key.project_id)
    if config.requests_per_minute:
        refuse_if(take(f"requests:{key.public}", 1, config.requests_per_minute), "requests")
    if most := config.bytes_per_minute:
        meta = request._request.META

        def charge(size: int) -> None:
            refuse_if(take(f"bytes:{key.public}", size, most), "bytes")

        if size := int(meta.get("CONTENT_LENGTH") or 0):
            charge(size)
        else:
            meta[CHARGE] = charge


def refuse_if(wait: float, what: str) -> None:
    if wait:
        raise FeatureMemoryError(
            f"This key sent more {what} than limits.{what}_per_minute allows: nothing was stored. "
            "Send again after Retry-After seconds.",
            ErrorCode.THROTTLED,
            {"retry_after": math.ceil(wait)},
        )


def limit_address(get_response: Handler) -> Handler:
    """Middleware: 429 for an address that exceeds FM_REQUESTS_PER_MINUTE; health is always answered."""

    def handle(request: HttpRequest) -> HttpResponse:
        most = settings.REQUESTS_PER_MINUTE
        if most and not request.path_info.startswith("/health/"):
            wait = take(f"address:{request.META.get('REMOTE_ADDR', '')}", 1, most)
            if wait:
                return refuse_address(request, wait)
        return get_response(request)

    return handle


def refuse_address(request: HttpRequest, wait: float) -> HttpResponse:
    error = FeatureMemoryError(
        "Too many requests of this address (FM_REQUESTS_PER_MINUTE). Send again later.",
        ErrorCode.THROTTLED,
    )
    response = HttpResponse(
        msgspec.json.encode(build_problem(error, request.path)), "application/problem+json", 429
    )
    response["Retry-After"] = str(math.ceil(wait))
    return response
