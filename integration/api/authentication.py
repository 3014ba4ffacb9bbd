"""Authenticates API requests by their key."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from featurememory.audit.origin import note_actor
from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.models import ApiKey


class KeyCache:
    """Caches recently used keys, so that a busy client costs no query per request.

    A revoked key works for at most `SECONDS` longer.
    """

    SECONDS, SIZE = 3.0, 1024

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, ApiKey]] = {}
        self._lock = threading.Lock()

    def get(self, text: str) -> ApiKey | None:
        now = time.monotonic()
        with self._lock:
            until, key = self._seen.get(text, (0.0, None))
        if key is not None and now < until and key.is_usable():
            return key
        key = ApiKey.find(text)
        if key is not None:
            self._remember(text, key, now)
        return key

    def _remember(self, text: str, key: ApiKey, now: float) -> None:
        record_use(key)
        with self._lock:
            if len(self._seen) >= self.SIZE:
                self._seen.clear()
            self._seen[text] = (now + self.SECONDS, key)

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()


known_keys = KeyCache()


def record_use(key: ApiKey) -> None:
    """Record the use, at most once a minute: a write per request would cost more than the request."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        key.last_used_at = now


def read_key_text(request: Request) -> str | None:
    """The key's text from Authorization (Bearer or Basic) or X-API-Key; None when there is none."""
    if given := request.headers.get("X-API-Key"):
        return given.strip()
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        return read_basic_key(value)
    return value.strip() if scheme.lower() == "bearer" else ""


def read_basic_key(value: str) -> str:
    """The key in Basic credentials. Clients of other products send `public:secret`; the half that looks
    like one of our keys counts."""
    try:
        pair = base64.b64decode(value, validate=True).decode().split(":", 1)
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return next((half for half in pair if half.startswith("fm_")), "")


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        text = read_key_text(request)
        if text is None:
            return None
        key = known_keys.get(text)
        if key is None:
            raise FeatureMemoryError(
                "This API key is unknown, revoked or expired. Make one under API keys.",
                ErrorCode.UNAUTHENTICATED,
            )
        note_actor(key.actor)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Feature Memory"'
