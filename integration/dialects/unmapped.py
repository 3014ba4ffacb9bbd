"""Names that came in and nobody maps, so that people see what is not used.

Counted in memory and written together: at once when a name is new, else every few seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from featurememory.database.write_lock import write_turn
from integration.models import UnmappedName
from patterns.redaction.redact import redactor_of

logger = logging.getLogger("featurememory.unmapped")

# Bounds on what hostile names can fill: names a request, names of a project, names not yet written.
MOST_A_CALL, MOST, MOST_WAITING, LONGEST = 200, 1_000, 2_000, 200
# Seconds between two writes: with names this process has not seen, and with known ones.
NEW_S, KNOWN_S = 1.0, 5.0
TABLE = UnmappedName._meta.db_table
COUNTED = f"""
    INSERT INTO {TABLE} (project_id, source, name, count, first_seen, last_seen)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (project_id, source, name)
    DO UPDATE SET count = {TABLE}.count + excluded.count, last_seen = excluded.last_seen
"""
Waiting = Counter[tuple[UUID, str, str]]


class UnmappedNames:
    """What this process has counted and not yet written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget what is not written, for the tests."""
        self._waiting: Waiting = Counter()
        self._seen: set[tuple[UUID, str, str]] = set()
        self._written = 0.0

    def note(self, project_id: UUID, source: str, names: Iterable[str]) -> None:
        """Count these names, `source` being the way in. Never raises: the calls were taken."""
        if redactor := redactor_of(project_id):
            names = map(redactor.redact_member, names)
        keys = {(project_id, source, name[:LONGEST]) for name in names if "\x00" not in name}
        with self._lock:
            room = MOST_WAITING - len(self._waiting)
            fresh = [key for key in keys if key not in self._waiting]
            self._waiting.update(keys - set(fresh[max(0, room) :]))
            pause = KNOWN_S if keys <= self._seen else NEW_S
            due = bool(keys) and time.monotonic() - self._written >= pause
        if due:
            self.write()

    def write(self) -> None:
        """Write what was counted; what cannot be written is counted no further."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
            self._seen = set(waiting)
            self._written = time.monotonic()
        try:
            if waiting:
                write_counts(waiting)
        except Exception as error:  # a project may have been deleted meanwhile, the disk be full
            logger.warning("Names that nobody maps were not counted: %s", error)


def write_counts(counts: Mapping[tuple[UUID, str, str], int]) -> None:
    """Add the counts to the rows, and forget the oldest of projects that have too many."""
    now = connection.ops.adapt_datetimefield_value(datetime.now(UTC))
    # In one order, or two processes could each wait for the other's rows.
    ordered = sorted(counts.items())
    for project_id in sorted({key[0] for key in counts}):
        rows = [
            (_to_column(project_id), source, name, count, now, now)
            for (owner, source, name), count in ordered
            if owner == project_id
        ]
        with write_turn():
            with connection.cursor() as cursor:
                cursor.executemany(COUNTED, rows)
            forget_oldest(project_id)


def _to_column(project_id: UUID) -> str:
    return project_id.hex if connection.vendor == "sqlite" else str(project_id)


def forget_oldest(project_id: UUID) -> None:
    rows = UnmappedName.objects.filter(project_id=project_id).order_by("-last_seen", "-count", "pk")
    surplus = list(rows.values_list("pk", flat=True)[MOST : MOST + MOST_WAITING])
    if surplus:
        UnmappedName.objects.filter(pk__in=surplus).delete()


unmapped_names = UnmappedNames()


def list_unmapped(project_id: UUID) -> QuerySet[UnmappedName]:
    """Those of a project, most frequent first, including what this process has just counted."""
    unmapped_names.write()
    rows = UnmappedName.objects.filter(project_id=project_id)
    return rows.order_by("-count", "source", "name")
