"""Idempotency-Key on POST: the same key and body return the stored answer, for 24 hours."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.config import config_of
from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.http.drf import key_of
from featurememory.http.request_body import read_raw_body
from featurememory.models import StoredAnswer

LIFETIME = timedelta(hours=24)
# A request without an answer after this long died with its process; its key is free again.
ABANDONED = timedelta(seconds=60)
View = Callable[..., Response]


def is_redacting(request: Request) -> bool:
    """The stored answer would hold what must not be on disk."""
    return config_of(key_of(request).project_id).hides_content


def idempotent(view: View) -> View:
    """For POST methods of endpoints; without the header nothing is read or written."""

    @functools.wraps(view)
    def answer(endpoint: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        name = request.headers.get("Idempotency-Key")
        if name is None or (endpoint.holds_content and is_redacting(request)):
            return view(endpoint, request, *args, **kwargs)
        if not 1 <= len(name) <= 255:
            raise invalid("must have 1 to 255 characters", "/Idempotency-Key")
        return run_once(endpoint, request, name, lambda: view(endpoint, request, *args, **kwargs))

    return answer


def run_once(endpoint: Any, request: Request, name: str, run: Callable[[], Response]) -> Response:
    body = read_raw_body(request._request, endpoint.body_limit)
    again: Any = request._request  # Django has no public way to read a body twice
    again._read_started, again._stream = False, _Again(body)
    request._request.META["CONTENT_LENGTH"] = str(len(body))
    request._request.META.pop("HTTP_TRANSFER_ENCODING", None)
    stored, fresh = claim_answer(request, name, hash_content(body))
    if not fresh:
        return replay_answer(stored, hash_content(body))
    try:
        response = run()
    except BaseException:
        stored.delete()  # a rejected request may be corrected and sent again with its key
        raise
    stored.body, stored.status = msgspec.json.encode(response.data), response.status_code
    stored.save(update_fields=["body", "status"])
    return response


def derive_item_id(request: Request, index: int = 0) -> str | None:
    """An id for an item without one in a request with an Idempotency-Key; None without the key.

    A repeated request gets the same ids: when the process died after storing and before saving its
    answer, the repetition finds the rows. A UUID of version 8 (RFC 9562).
    """
    name = request.headers.get("Idempotency-Key")
    if name is None:
        return None
    text = f"{key_of(request).project_id} {request.path} {name} {index}"
    made = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()
    number = int.from_bytes(made, "big") & ~(0xF << 76) & ~(0x3 << 62)
    return str(UUID(int=number | 0x8 << 76 | 0x2 << 62))


class _Again:
    """A body that was already read, for the view to read again."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self, size: int = -1) -> bytes:
        size = len(self.body) if size is None or size < 0 else size
        taken, self.body = self.body[:size], self.body[size:]
        return taken


def hash_content(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def claim_answer(request: Request, name: str, fingerprint: str) -> tuple[StoredAnswer, bool]:
    """The row of this key, and whether this request created it."""
    project = key_of(request).project
    key = hash_content(f"{request.method} {request.path} {name}".encode("utf-8", "surrogateescape"))
    now = timezone.now()
    rows = StoredAnswer.objects.filter(project=project, key=key)
    rows.filter(created_at__lt=now - LIFETIME).delete()
    # In the future: the clock was set back meanwhile.
    dead = Q(created_at__lt=now - ABANDONED) | Q(created_at__gt=now + ABANDONED)
    rows.filter(dead, status=0).delete()
    try:
        with transaction.atomic():
            made = StoredAnswer.objects.create(project=project, key=key, fingerprint=fingerprint)
            return made, True
    except IntegrityError:
        found = rows.first()
        if found is None:  # deleted between the two statements
            raise make_still_running_error() from None
        return found, False


def replay_answer(stored: StoredAnswer, fingerprint: str) -> Response:
    if stored.fingerprint != fingerprint:
        raise FeatureMemoryError(
            "This Idempotency-Key was used with another body. Use a new key for a new request.",
            ErrorCode.IDEMPOTENCY_MISMATCH,
        )
    if stored.status == 0:
        raise make_still_running_error()
    response = Response(msgspec.Raw(bytes(stored.body)), status=stored.status)
    response["Idempotent-Replayed"] = "true"
    return response


def make_still_running_error() -> FeatureMemoryError:
    return FeatureMemoryError(
        "A request with this Idempotency-Key is still running.", ErrorCode.CONFLICT
    )
