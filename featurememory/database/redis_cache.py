"""The cache shared by processes. When Redis is down every look-up misses and nothing fails."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError


class OptionalRedisCache(RedisCache):
    """A Redis cache that ignores connection errors: its values can be recomputed."""

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        with suppress(RedisError):
            return super().get(key, default, version)
        return default

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        with suppress(RedisError):
            return super().add(key, value, timeout, version)
        return True

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        with suppress(RedisError):
            super().set(key, value, timeout, version)

    def delete(self, key: str, version: int | None = None) -> bool:
        with suppress(RedisError):
            return super().delete(key, version)
        return False
