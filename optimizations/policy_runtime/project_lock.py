"""A lock per project between processes: one at a time changes its policy."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from featurememory.errors import ErrorCode, FeatureMemoryError
from optimizations.models import PolicyState

PATIENCE_S, PAUSE_S = 10.0, 0.01
_depth: Counter[UUID] = Counter()
_lock = threading.Lock()


@contextmanager
def lock_project(project_id: UUID) -> Iterator[None]:
    """Locks the project against other processes; threads of this one need `PolicyCache.changing`.

    On PostgreSQL a locked row. On SQLite a byte of a locked file, since a transaction there would
    keep every writer out for as long as a review lasts.
    """
    if connection.vendor != "sqlite":
        PolicyState.objects.get_or_create(pk=project_id)
        with transaction.atomic():
            PolicyState.objects.select_for_update().get(pk=project_id)
            yield
        return
    if settings.STORAGE == "memory":  # no other process can reach it
        yield
        return
    with _lock:
        _depth[project_id] += 1
        first = _depth[project_id] == 1
    try:
        if first:
            wait_for_lock(lock_offset(project_id))
        yield
    finally:
        with _lock:
            _depth[project_id] -= 1
            if not _depth[project_id]:
                del _depth[project_id]
                fcntl.lockf(lock_file(), fcntl.LOCK_UN, 1, lock_offset(project_id))


@cache
def lock_file() -> int:
    """The file stays open: closing it anywhere in the process would release all of its locks."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    return os.open(settings.DATA_DIR / "policy.lock", os.O_CREAT | os.O_RDWR, 0o600)


def lock_offset(project_id: UUID) -> int:
    return project_id.int % (1 << 31)


def wait_for_lock(place: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.lockf(lock_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError as error:
            if time.monotonic() > until:
                message = "The optimizations are being reviewed: try again."
                raise FeatureMemoryError(message, ErrorCode.OVERLOADED) from error
            time.sleep(PAUSE_S)
        else:
            return
