"""The policies this process keeps, one a project, refreshed when another process has saved."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from featurememory.config import config_of
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.process.project_cache import ProjectCache
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.policy import PolicyEngine
from optimizations.model_catalog import cards
from optimizations.models import PolicyState
from optimizations.policy_runtime.project_lock import PATIENCE_S, alone
from optimizations.storage import states_of


@dataclass
class Kept:
    """An engine, the version of `PolicyState` it goes back to, and how far it has gone since.

    `lock` is held for each single call of the engine, `writing` for a whole change.
    `moment` is the newest interaction seen (ms), `counted` the queue's rows it has counted since.
    """

    engine: PolicyEngine
    version: int
    moment: int
    checked: float
    saved: float
    counted: set[int] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def at(self) -> float:
        """Logical time in seconds: the newest interaction's, our clock before the first."""
        return self.moment / 1000 if self.moment else time.time()


class PolicyMemory(ProjectCache[Kept]):
    """The policies of this process, one a project."""

    def __init__(self) -> None:
        super().__init__()
        self._writing: dict[UUID, threading.RLock] = {}

    def for_deciding(self, project_id: UUID) -> Kept:
        """Good for `decide`; at most STALE_S behind what was saved."""
        return self.find_fresh(project_id) or self._current(project_id, self.find(project_id))

    @contextmanager
    def changing(self, project_id: UUID) -> Iterator[Kept]:
        """For the one that changes the engine: nobody else does meanwhile, in no process.

        What is raised inside makes this process read the saved state again.
        """
        writing = self._writing_of(project_id)
        if not writing.acquire(timeout=PATIENCE_S):
            raise FeatureMemoryError(
                "The optimizations are being reviewed: try again.", ErrorCode.OVERLOADED
            )
        try:
            with alone(project_id):
                kept = self._current(project_id, self.find(project_id))
                yield kept
        except BaseException:
            self.drop(project_id)
            raise
        finally:
            writing.release()

    def _writing_of(self, project_id: UUID) -> threading.RLock:
        with self._lock:
            return self._writing.setdefault(project_id, threading.RLock())

    def _current(self, project_id: UUID, kept: Kept | None) -> Kept:
        saved = PolicyState.objects.filter(pk=project_id).values_list("version", flat=True).first()
        if kept is None or kept.version != (saved or 0):
            kept = self.keep(project_id, fresh(project_id) if saved is None else load(project_id))
        kept.checked = time.monotonic()
        with kept.lock:
            settings = settings_of(project_id)
            if settings != kept.engine.settings:
                kept.engine.configure(settings)
        return kept


def fresh(project_id: UUID) -> Kept:
    """The engine of a project that has asked for nothing yet: it has no row either."""
    now = time.monotonic()
    engine = PolicyEngine(settings_of(project_id), project_id.bytes)
    return Kept(engine, 0, 0, checked=now, saved=now)


def load(project_id: UUID) -> Kept:
    """An engine that goes on where the saved one stopped."""
    row = PolicyState.objects.get(pk=project_id)
    snapshot = bytes(row.snapshot) if row.snapshot else None
    settings = settings_of(project_id)
    engine = PolicyEngine.restore(states_of(project_id), snapshot, settings, bytes(row.salt))
    if snapshot is None:
        for card in cards(project_id):
            engine.register(card)
    now = time.monotonic()
    return Kept(engine, row.version, row.moment, checked=now, saved=now)


def settings_of(project_id: UUID) -> PolicySettings:
    shared = config_of(project_id).values_for(PolicySettings.__struct_fields__)
    return PolicySettings(**shared | {"retention_period": shared["retention_period"] * 86_400.0})


policies = PolicyMemory()
