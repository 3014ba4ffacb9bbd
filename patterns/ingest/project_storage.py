"""Which projects may still store: each has a limit of its own, and a fair share of the server's."""

from __future__ import annotations

import threading
from uuid import UUID

from django.core.cache import cache

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import FeatureMemoryConfig
from patterns.retention import disk_usage, project_use

# A project that is full opens again clearly below its limit: a cleanup leaves 0.8.
OPEN_AGAIN = 0.95
# Beyond this share of the server's room nobody stores, within their share or not.
HARD = 1.15


class ProjectStorage:
    """What every project claims, as last read, plus what was stored since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Back to knowing nothing."""
        self._claims: dict[UUID, float] = {}
        self._rooms: dict[UUID, float] = {}
        self._default_room = 0.0
        self._closed: set[UUID] = set()
        self._level = self._used = 0.0
        self._room = 1.0

    def read(self, claim: int, room: int) -> None:
        """Divide `claim` bytes among the projects; `room` is what all of them may take."""
        project_use.save_added()
        claims = project_use.divide_claim(project_use.read_uses(), claim)
        sizes = dict(FeatureMemoryConfig.objects.values_list("project_id", "max_size"))
        with self._lock:
            self._claims, self._used, self._room = claims, float(claim), float(max(1, room))
            self._rooms = {name: compute_project_room(name, size) for name, size in sizes.items()}
            self._default_room = disk_usage.compute_room(FeatureMemoryConfig().max_size)
            # As long as nothing is known of anyone, a full server is full for all.
            level = project_use.find_level(claims.values(), room * OPEN_AGAIN)
            self._level = level if claims else 0.0
            self._closed = {name for name in claims if self._is_full(name)}

    def _is_full(self, project_id: UUID) -> bool:
        share = OPEN_AGAIN if project_id in self._closed else 1.0
        room = self._rooms.get(project_id, self._default_room)
        return self._claims[project_id] >= room * share

    def add(self, project_id: UUID, size: float) -> None:
        with self._lock:
            self._used += size
            self._claims[project_id] = self._claims.get(project_id, 0.0) + size
            if self._default_room and self._is_full(project_id):
                self._closed.add(project_id)

    def is_within_share(self, project_id: UUID) -> bool:
        """Whether a project may store although the server is full: others hold more than their share,
        and cleanup takes from them."""
        if not self._room * OPEN_AGAIN <= self._used < self._room * HARD:
            return False
        return self._claims.get(project_id, 0.0) < self._level

    def find_share(self, project_id: UUID) -> float:
        """The part of its own limit a project uses, as last read; 0 while nothing was read."""
        room = self._rooms.get(project_id, self._default_room)
        return self._claims.get(project_id, 0.0) / room if room > 0 else 0.0

    def check(self, project_id: UUID) -> None:
        """Raise 507 while the project's own limit is reached."""
        if project_id in self._closed:
            raise FeatureMemoryError(
                "storage.max_size of this project is reached: nothing was stored. Its oldest "
                "interactions are being forgotten; send again in a moment.",
                ErrorCode.STORAGE_FULL,
                {"retry_after": 3},
            )


def compute_project_room(project_id: UUID, max_size: int) -> float:
    """Bytes a project may take; what its last cleanup had to keep (patterns, examples) raises it."""
    floor = (cache.get(f"storage_floor:{project_id}") or 0) * 1.1
    return max(float(disk_usage.compute_room(max_size)), floor)
