"""Wrong passwords: counted by account and by address, and few are checked at once.

A password is hashed with 100 MB of memory, on purpose, so two checks run at once and the others wait
their turn for a moment. Counts are rows of LoginAttempt, so that all processes share them.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import LoginAttempt

logger = logging.getLogger("featurememory.sign_in")

# Wrong passwords in a row until further ones are refused, and for how long then. An address may be
# the proxy of an office, so it gets more. Guessing one account: 480 passwords a day.
ACCOUNT_LIMIT, ADDRESS_LIMIT = 5, 20
PAUSE = timedelta(minutes=15)
# Rows older than the pause tell nothing any more; more than this many are never kept.
MOST_ROWS = 10_000
# A few more may wait for their turn; a crowd is refused at once, for each holds one of 16 threads.
HASHES_AT_ONCE, WAITING, PATIENCE_S = 2, 4, 5.0
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)
_inside = threading.BoundedSemaphore(HASHES_AT_ONCE + WAITING)


class SignInRefused(FeatureMemoryError):
    """Too many wrong passwords, or too many at once: `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, ErrorCode.THROTTLED, {"retry_after": retry_after})
        self.retry_after = retry_after


@contextmanager
def take_hash_turn() -> Iterator[None]:
    """Waits for one of the few turns; refuses when others wait already, or after some seconds."""
    if not _inside.acquire(blocking=False):
        raise crowded()
    try:
        if not _hashing.acquire(timeout=PATIENCE_S):
            raise crowded()
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _inside.release()


def crowded() -> SignInRefused:
    return SignInRefused("Many people are signing in right now. Try again in a moment.", 5)


def subjects_of(username: str, address: str) -> dict[str, int]:
    """What is counted, with its limit. Names are digests: what was typed may be a password."""
    account = hashlib.blake2b(username.encode("utf-8", "replace"), digest_size=24).hexdigest()
    return {f"account {account}": ACCOUNT_LIMIT, f"address {address[:45]}": ADDRESS_LIMIT}


def refuse_throttled(username: str, address: str) -> None:
    """Raises while the account or the address has too many wrong passwords, the right one included."""
    limits, now = subjects_of(username, address), timezone.now()
    rows = LoginAttempt.objects.filter(subject__in=list(limits), last_at__gt=now - PAUSE)
    closed = [row for row in rows if row.failures >= limits[row.subject]]
    if not closed:
        return
    until = max(row.last_at for row in closed) + PAUSE
    logger.warning(
        "Sign-in refused: too many wrong passwords",
        extra={"code": "login.throttled", "details": {"user": username[:150], "address": address}},
    )
    raise SignInRefused(*describe_pause(until, now))


def describe_pause(until: datetime, now: datetime) -> tuple[str, int]:
    seconds = max(1, round((until - now).total_seconds()))
    minutes = -(-seconds // 60)
    return f"Too many wrong passwords or codes. Try again in {minutes} minutes.", seconds


def note_failure(username: str, address: str, *, known: bool, what: str = "password") -> None:
    """Counts a wrong password or code and logs it; the name is logged only when such a user exists."""
    now = timezone.now()
    for subject in subjects_of(username, address):
        row, _ = LoginAttempt.objects.get_or_create(subject=subject, defaults={"last_at": now})
        same = LoginAttempt.objects.filter(pk=row.pk)
        if row.last_at <= now - PAUSE:
            same.update(failures=1, last_at=now)
        else:
            same.update(failures=F("failures") + 1, last_at=now)
    forget_old_attempts(now)
    name = username[:150] if known else "unknown user"
    logger.warning(
        f"Sign-in failed: wrong {what}",
        extra={"code": "login.failed", "details": {"user": name, "address": address}},
    )


def note_success(username: str, address: str) -> None:
    """The account starts again from 0; the address does not, or one own account would reset it."""
    account = next(iter(subjects_of(username, address)))
    LoginAttempt.objects.filter(subject=account).delete()
    logger.info(
        "Signed in",
        extra={"code": "login.ok", "details": {"user": username[:150], "address": address}},
    )


def forget_old_attempts(now: datetime) -> None:
    LoginAttempt.objects.filter(last_at__lte=now - PAUSE).delete()
    surplus = LoginAttempt.objects.count() - MOST_ROWS
    if surplus > 0:
        oldest = LoginAttempt.objects.order_by("last_at").values_list("pk", flat=True)[:surplus]
        LoginAttempt.objects.filter(pk__in=list(oldest)).delete()
