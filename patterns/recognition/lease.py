"""Who may learn a project's stream right now: one holder, for a limited time."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from patterns.models import Learner

# Longer than a batch or a consolidation takes; after a crash others wait this long.
LENGTH_MS = 30_000


def name_holder() -> str:
    """Embedded there is one learner, so the lease of a killed process is its successor's."""
    if settings.EMBEDDED:
        return "embedded"
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:80]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def acquire_lease(project_id: UUID, name: str) -> bool:
    taken = select_free_lease(project_id, name)
    return taken.update(holder=name, until=now_ms() + LENGTH_MS) == 1


def select_free_lease(project_id: UUID, name: str) -> QuerySet[Learner]:
    """The learner of a project, made when there is none, unless somebody else holds it."""
    Learner.objects.only("pk").get_or_create(pk=project_id)
    now = now_ms()
    # The last clause: a clock that was set back must not lock the project for long.
    mine = Q(holder=name) | Q(until__lt=now) | Q(until__gt=now + 2 * LENGTH_MS)
    return Learner.objects.filter(mine, pk=project_id)


def release_lease(project_id: UUID, name: str) -> None:
    Learner.objects.filter(pk=project_id, holder=name).update(until=0)


_here = threading.Lock()


@contextmanager
def hold_lease(project_id: UUID) -> Iterator[bool]:
    """True inside when this thread may learn; otherwise another one is at it."""
    with (
        hold_local_lease(project_id) if settings.EMBEDDED else hold_shared_lease(project_id) as held
    ):
        yield held


@contextmanager
def hold_local_lease(project_id: UUID) -> Iterator[bool]:
    """Embedded a lock of this process will do: two commits a batch less."""
    if not _here.acquire(timeout=5):
        yield False
        return
    try:
        yield select_free_lease(project_id, name_holder()).exists()
    finally:
        _here.release()


@contextmanager
def hold_shared_lease(project_id: UUID) -> Iterator[bool]:
    name = name_holder()
    held = acquire_lease(project_id, name)
    try:
        yield held
    finally:
        if held:
            release_lease(project_id, name)


@contextmanager
def keep_lease_alive(project_id: UUID) -> Iterator[None]:
    """Renews the lease held here while one long step runs that cannot renew it itself.

    Embedded nobody else could take it, and the lock of this process holds without an end.
    """
    if settings.EMBEDDED:
        yield
        return
    stop, name = threading.Event(), name_holder()
    thread = threading.Thread(target=renew_lease, args=(project_id, name, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def renew_lease(project_id: UUID, name: str, stop: threading.Event) -> None:
    try:
        while not stop.wait(LENGTH_MS / 3000):
            acquire_lease(project_id, name)
    finally:
        connection.close()
