"""Sign-ins in the server's audit log. Django tells them by signals: it knows no other way."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.cache import cache
from redis.exceptions import RedisError

from featurememory.audit.origin import current_origin
from featurememory.audit.record import record

MOST_A_MINUTE = 120


def note_sign_in(user: Any, **_: Any) -> None:
    record(None, "login.ok", actor=user.get_username(), reason=f"by {current_origin().way}")


def note_failure(credentials: dict[str, Any], **_: Any) -> None:
    """The name as it was typed, shortened: people sometimes type a password there."""
    record_failure(str(credentials.get("username") or "somebody")[:40])


def record_failure(actor: str, reason: str = "") -> None:
    count = count_failures()
    if count == MOST_A_MINUTE:
        reason = "More follow in this minute and are not recorded."
    if count <= MOST_A_MINUTE:
        record(None, "login.failed", actor=actor, reason=reason)


def count_failures() -> int:
    """How many there were in this minute: strangers must not fill the disk with them. While Redis is
    down each counts as the first: the limits of sign-in are in the database and still hold."""
    name = f"audit:failed:{int(time.time() // 60)}"
    with suppress(RedisError, ValueError):
        cache.add(name, 0, 120)
        return int(cache.incr(name))
    return 1


def note_sign_out(user: Any, **_: Any) -> None:
    if user is not None:
        record(None, "logout.ok", actor=user.get_username())


def connect() -> None:
    user_logged_in.connect(note_sign_in, dispatch_uid="audit")
    user_login_failed.connect(note_failure, dispatch_uid="audit")
    user_logged_out.connect(note_sign_out, dispatch_uid="audit")
