"""Names that came in and nobody maps, so that people see what is not used.

Kept in this process for now; `note` and `listed` are all a table would have to offer.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

# Bounds on what hostile names can fill: names a request, a project, a name's length, projects.
MOST_A_CALL, MOST, LONGEST, PROJECTS = 200, 1_000, 200, 200


@dataclass(slots=True)
class Unmapped:
    """One name: an attribute, or a whole signal (`logs`, `metrics`) that is taken and ignored."""

    name: str
    source: str
    count: int
    first_seen: float
    last_seen: float

    def as_dict(self) -> dict[str, str | int | float]:
        return {
            "name": self.name,
            "source": self.source,
            "count": self.count,
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
        }


class UnmappedNames:
    """The newest names of each project, with how often they came."""

    def __init__(self) -> None:
        self._projects: OrderedDict[UUID, OrderedDict[tuple[str, str], Unmapped]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, project_id: UUID, source: str, names: Iterable[str]) -> None:
        """`source`: the way in (`otlp`, `litellm`); one entry a name and call."""
        now = time.time()
        with self._lock:
            known = self._projects.setdefault(project_id, OrderedDict())
            self._projects.move_to_end(project_id)
            for name in names:
                key = source, name[:LONGEST]
                entry = known.setdefault(key, Unmapped(key[1], source, 0, now, now))
                entry.count, entry.last_seen = entry.count + 1, now
                known.move_to_end(key)
            self._forget_oldest(known)

    def _forget_oldest(self, known: OrderedDict[tuple[str, str], Unmapped]) -> None:
        while len(known) > MOST:
            known.popitem(last=False)
        while len(self._projects) > PROJECTS:
            self._projects.popitem(last=False)

    def listed(self, project_id: UUID) -> list[Unmapped]:
        """Those of a project, most frequent first."""
        with self._lock:
            found = list(self._projects.get(project_id, {}).values())
        return sorted(found, key=lambda entry: (-entry.count, entry.source, entry.name))

    def clear(self) -> None:
        with self._lock:
            self._projects.clear()


unmapped_names = UnmappedNames()
