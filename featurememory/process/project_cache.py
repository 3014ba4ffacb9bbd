"""What a process keeps of its projects, one entry each."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar
from uuid import UUID


class Checked(Protocol):
    """An entry knows when it was last compared with the database, in monotonic seconds."""

    checked: float


Entry = TypeVar("Entry", bound=Checked)


class ProjectCache(Generic[Entry]):
    """Keeps at most `SIZE` entries and evicts the least recently used. Safe for many threads."""

    SIZE = 16
    # Readers may lag this much behind a change by another process; writers never do.
    STALE_S = 2.0

    def __init__(self) -> None:
        self._entries: OrderedDict[UUID, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, project_id: UUID) -> Entry | None:
        """The entry of a project, now the most recently used; None when there is none."""
        with self._lock:
            entry = self._entries.get(project_id)
            if entry is not None:
                self._entries.move_to_end(project_id)
            return entry

    def find_fresh(self, project_id: UUID) -> Entry | None:
        """The same, unless it was compared with the database more than STALE_S seconds ago."""
        entry = self.find(project_id)
        if entry is None or time.monotonic() - entry.checked > self.STALE_S:
            return None
        return entry

    def keep(self, project_id: UUID, entry: Entry) -> Entry:
        """Put an entry in place of the project's former one, and evict what is beyond SIZE."""
        with self._lock:
            self._entries[project_id] = entry
            while len(self._entries) > self.SIZE:
                self._entries.popitem(last=False)
        return entry

    def list_entries(self) -> list[Entry]:
        with self._lock:
            return list(self._entries.values())

    def drop(self, project_id: UUID | None = None) -> None:
        """Forget one project, or all without an id: the next use reads the database."""
        with self._lock:
            if project_id is None:
                self._entries.clear()
            else:
                self._entries.pop(project_id, None)
