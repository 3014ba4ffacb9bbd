"""The policies this process has loaded, one per project, refreshed when another has saved."""

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
from optimizations.engine.kinds import CACHES
from optimizations.engine.policy import PolicyEngine
from optimizations.model_catalog import load_cards
from optimizations.models import PolicyState
from optimizations.policy_runtime.arm_hours import Unsaved
from optimizations.policy_runtime.project_lock import PATIENCE_S, lock_project
from optimizations.storage import load_states


@dataclass(frozen=True)
class CountedPair:
    """What became of a shadow's answer in an engine that is not saved yet."""

    state: int
    turn: int
    verdict: float | None
    agreed: bool | None
    owner: str


@dataclass
class LoadedPolicy:
    """An engine, the `PolicyState.version` it was loaded from, and what it has counted since.

    `lock` is held for each single call of the engine, see `changing` for a whole change.
    `moment` is the newest interaction seen (ms), `counted` the queue's rows it has counted since,
    `paired` the answers of shadows, `evaluated` the tasks of evaluation sets, `arms` what they add to
    the comparison with the holdout.
    """

    engine: PolicyEngine
    version: int
    moment: int
    checked: float
    saved: float
    counted: set[int] = field(default_factory=set)
    paired: dict[int, CountedPair] = field(default_factory=dict)
    arms: Unsaved = field(default_factory=dict)
    evaluated: set[int] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def at(self) -> float:
        """Logical time in seconds: the newest interaction's, our clock before the first."""
        return self.moment / 1000 if self.moment else time.time()


class PolicyCache(ProjectCache[LoadedPolicy]):
    """The policies of this process, one per project."""

    def __init__(self) -> None:
        super().__init__()
        self._writing: dict[UUID, threading.RLock] = {}

    def for_deciding(self, project_id: UUID) -> LoadedPolicy:
        """The engine for `decide` and for reading; at most STALE_S seconds behind what was saved."""
        return self.find_fresh(project_id) or self._current(project_id, self.find(project_id))

    @contextmanager
    def changing(self, project_id: UUID) -> Iterator[LoadedPolicy]:
        """Gives the engine to one writer at a time, over all processes.

        An exception inside drops the engine, so that the saved state is loaded again.
        """
        writing = self._writing_of(project_id)
        if not writing.acquire(timeout=PATIENCE_S):
            raise FeatureMemoryError(
                "The optimizations are being reviewed: try again.", ErrorCode.OVERLOADED
            )
        try:
            with lock_project(project_id):
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

    def _current(self, project_id: UUID, kept: LoadedPolicy | None) -> LoadedPolicy:
        saved = PolicyState.objects.filter(pk=project_id).values_list("version", flat=True).first()
        if kept is None or kept.version != (saved or 0):
            loaded = create_policy(project_id) if saved is None else load_policy(project_id)
            kept = self.keep(project_id, loaded)
        kept.checked = time.monotonic()
        with kept.lock:
            settings = load_settings(project_id)
            if settings != kept.engine.settings:
                kept.engine.configure(settings)
        return kept


def create_policy(project_id: UUID) -> LoadedPolicy:
    """A new engine for a project without a `PolicyState` row, which has not asked for anything yet."""
    now = time.monotonic()
    engine = PolicyEngine(load_settings(project_id), project_id.bytes)
    return LoadedPolicy(engine, 0, 0, checked=now, saved=now)


def load_policy(project_id: UUID) -> LoadedPolicy:
    """Restores the engine as it was saved last."""
    row = PolicyState.objects.get(pk=project_id)
    snapshot = bytes(row.snapshot) if row.snapshot else None
    settings = load_settings(project_id)
    engine = PolicyEngine.restore(load_states(project_id), snapshot, settings, bytes(row.salt))
    if snapshot is None:
        for card in load_cards(project_id):
            engine.register(card)
    now = time.monotonic()
    return LoadedPolicy(engine, row.version, row.moment, checked=now, saved=now)


def load_settings(project_id: UUID) -> PolicySettings:
    config = config_of(project_id)
    shared = config.values_for(PolicySettings.__struct_fields__)
    shared["retention_period"] *= 86_400.0
    if config.mode == "content_free":  # what is stored of answers is nothing to serve
        caches = {kind.name for kind in CACHES}
        shared["kinds"] = tuple(name for name in PolicySettings().kinds if name not in caches)
    return PolicySettings(**shared)


policies = PolicyCache()
