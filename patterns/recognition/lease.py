"""The lease on learning a project: one holder at a time, for a limited time."""

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
    """The name of this learner. Embedded there is only one, so a new process inherits the lease of a
    killed one."""
    if settings.EMBEDDED:
        return "embedded"
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:80]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def acquire_lease(project_id: UUID, name: str) -> bool:
    """Take or renew the lease for LENGTH_MS; False when somebody else holds it."""
    taken = select_free_lease(project_id, name)
    return taken.update(holder=name, until=now_ms() + LENGTH_MS) == 1


def select_free_lease(project_id: UUID, name: str) -> QuerySet[Learner]:
    """The learner row of a project (created when missing), unless somebody else holds the lease."""
    Learner.objects.only("pk").get_or_create(pk=project_id)
    now = now_ms()
    # The last clause: after a clock was set back the lease must not last for long.
    mine = Q(holder=name) | Q(until__lt=now) | Q(until__gt=now + 2 * LENGTH_MS)
    return Learner.objects.filter(mine, pk=project_id)


def release_lease(project_id: UUID, name: str) -> None:
    Learner.objects.filter(pk=project_id, holder=name).update(until=0)


_here = threading.Lock()


@contextmanager
def hold_lease(project_id: UUID, patience: float = 5) -> Iterator[bool]:
    """Yields True when this thread may learn, False when another one does: embedded after waiting for
    it for `patience` seconds."""
    with (
        hold_local_lease(project_id, patience)
        if settings.EMBEDDED
        else hold_shared_lease(project_id)
    ) as held:
        yield held


@contextmanager
def hold_local_lease(project_id: UUID, patience: float) -> Iterator[bool]:
    """Embedded a lock within the process is enough, which saves two commits per batch."""
    if not _here.acquire(timeout=patience):
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
    """Renew the lease in the background during a long step that cannot renew it.

    Embedded there is nothing to renew: the lock of the process does not expire.
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
