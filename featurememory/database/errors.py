"""Translates database errors into errors that callers can handle: full, busy or failed storage."""

from __future__ import annotations

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError

from featurememory.errors import ErrorCode, FeatureMemoryError

# SQLite: "database or disk is full", and "disk I/O error" when a write cannot grow the file.
FULL = ("disk is full", "no space left", "disk i/o error", "could not extend file")
BUSY = ("locked", "too many connections", "timeout", "pool")


def translate_database_error(error: Error) -> FeatureMemoryError | None:
    """The error as STORAGE_FULL, OVERLOADED or STORAGE_FAILED; None when it is a bug."""
    text = str(error).lower()
    if any(sign in text for sign in FULL):
        place = "disk" if settings.STORAGE == "persistent" else "memory"
        return FeatureMemoryError(
            f"The {place} is full: nothing was stored. Free some space; no restart is needed.",
            ErrorCode.STORAGE_FULL,
            {"retry_after": 5},
        )
    is_lost = isinstance(error, InterfaceError) and "closed" in text
    if not is_lost and not isinstance(error, OperationalError):
        return None
    busy = any(sign in text for sign in BUSY)
    return FeatureMemoryError(
        "The database is busy: nothing was stored, try again."
        if busy
        else "The database does not answer: nothing was stored, try again.",
        ErrorCode.OVERLOADED if busy else ErrorCode.STORAGE_FAILED,
        {"retry_after": 1},
    )
