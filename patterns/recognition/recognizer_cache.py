"""The recognisers in this process, one per project, reloaded when another process has learned."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from django.conf import settings as django_settings

from featurememory.config import config_of
from featurememory.errors import FeatureMemoryError, handle_feature_memory_error
from featurememory.models import Project
from featurememory.process.project_cache import ProjectCache
from patterns.engine.domain.observation import Observation
from patterns.engine.grouping.free_text.embedders import EmbedderError, chosen
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer, version_of
from patterns.engine.settings import RecognizerSettings
from patterns.failed_records import note_failure
from patterns.models import Learner, ModelInteraction, Pattern, Payload
from patterns.storage.cached import CachedPatternStorage
from patterns.storage.database import DatabasePatternStorage
from patterns.storage.rows import state_of
from patterns.storage.stored_observations import observation_of

logger = logging.getLogger("featurememory.memory")


class PatternsChanged(Exception):
    """Somebody changed the patterns (a prune, a merge) since the recogniser was read: save nothing."""


@dataclass
class LoadedRecognizer:
    """A recogniser, the learner version it was loaded at, and the lock around its use."""

    recognizer: DefaultPatternRecognizer
    version: int
    checked: float
    storage: CachedPatternStorage
    lock: threading.RLock = field(default_factory=threading.RLock)
    embedding: tuple[str, ...] = ()


class RecognizerCache(ProjectCache[LoadedRecognizer]):
    """The recognisers of this process, one per project."""

    def for_reading(self, project_id: UUID) -> LoadedRecognizer:
        """For `match_one`: at most STALE_S seconds behind a learner in another process."""
        return self.find_fresh(project_id) or self.for_learning(project_id)

    def for_learning(self, project_id: UUID) -> LoadedRecognizer:
        """The last saved state; only for the holder of the lease."""
        rows = Learner.objects.filter(pk=project_id)
        version, used = rows.values_list("version", "recognizer").first() or (0, {})
        loaded, settings = self.find(project_id), find_settings_in_use(project_id, used)
        if loaded is None or loaded.version != version or loaded.embedding != settings.embedding:
            loaded = self.keep(project_id, load_recognizer(project_id))
        loaded.checked = time.monotonic()
        loaded.recognizer.memory.settings = settings
        return loaded

    @contextmanager
    def saved_or_dropped(self, project_id: UUID) -> Iterator[None]:
        """For work that changes the recogniser and saves it: what is raised inside drops it, since it
        may hold changes that were not saved. The next use reads the saved state."""
        try:
            yield
        except BaseException:
            self.drop(project_id)
            raise

    def count_cached(self) -> dict[str, int]:
        """Patterns in the caches of all projects, and how often one was found there, or not."""
        storages = [loaded.storage for loaded in self.list_entries()]
        return {
            "size": sum(len(storage) for storage in storages),
            "hits": sum(storage.hits for storage in storages),
            "misses": sum(storage.misses for storage in storages),
        }


def load_recognizer(project_id: UUID) -> LoadedRecognizer:
    """Load the saved recogniser and replay what was learned since its snapshot."""
    learner = Learner.objects.filter(pk=project_id).first()
    rows = Pattern.objects.filter(project_id=project_id, state__isnull=False).stored()
    states = list(read_states(rows.order_by("pk").iterator()))
    snapshot = bytes(learner.snapshot) if learner and learner.snapshot else None
    since = list(read_learned_since(project_id, bytes(learner.unsaved))) if learner else []
    settings = find_settings_in_use(project_id, learner.recognizer if learner else {})
    recognizer = restore_recognizer(project_id, states, snapshot, since, settings)
    recognizer.version = find_version_in_use(learner, settings)
    storage = open_storage(project_id, recognizer.version)
    # The configured embedding even if it is unavailable, else every use would reload.
    version = learner.version if learner else 0
    return LoadedRecognizer(
        recognizer, version, time.monotonic(), storage, embedding=settings.embedding
    )


def find_version_in_use(learner: Learner | None, settings: RecognizerSettings) -> str:
    """The version of the recogniser in use; projects of the first version recorded none."""
    if learner is None or not learner.version:
        return version_of(settings)
    return str(learner.recognizer.get("version", "1"))


def find_settings_in_use(project_id: UUID, used: Mapping[str, str]) -> RecognizerSettings:
    """The project's thresholds with the embedder in use: a newly chosen embedder takes effect once a
    recogniser has been built with it."""
    settings = read_settings(project_id)
    names = ("embedder", "embedder_url", "embedder_model")
    known = {name: used[name] for name in names if name in used}
    return msgspec.structs.replace(settings, **known)


def record_recognizer(learner: Learner, recognizer: DefaultPatternRecognizer) -> None:
    """Set in the row which recogniser is in use; the caller saves it."""
    settings = recognizer.settings
    learner.recognizer = {
        "version": recognizer.version,
        "embedder": settings.embedder,
        "embedder_url": settings.embedder_url,
        "embedder_model": settings.embedder_model,
    }


def set_snapshot(learner: Learner, recognizer: DefaultPatternRecognizer) -> None:
    """Put a snapshot of everything learned into the row; the caller saves it."""
    learner.snapshot, learner.unsaved = recognizer.snapshot(), b""


def append_unsaved(learner: Learner, numbers: Sequence[int]) -> None:
    """Add interactions learned since the snapshot, which a restart replays; the caller saves the row."""
    known = msgspec.msgpack.decode(bytes(learner.unsaved or b"\x90"), type=list[int])
    learner.unsaved = msgspec.msgpack.encode([*known, *numbers])


def read_learned_since(project_id: UUID, unsaved: bytes) -> Iterator[tuple[Observation, str]]:
    """Interactions learned since the snapshot, each with its pattern id, in order of learning.

    Deleted and damaged ones are skipped.
    """
    numbers = msgspec.msgpack.decode(unsaved or b"\x90", type=list[int])
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        rows = ModelInteraction.objects.filter(project_id=project_id).in_bulk(some)
        payloads = dict(Payload.objects.filter(pk__in=some).values_list("number", "data"))
        for number in some:
            row, data = rows.get(number), payloads.get(number)
            if row is None or data is None or row.pattern_id is None:
                continue
            with suppress(ValueError):
                yield observation_of(row, data), str(row.pattern_id)


def read_states(rows: Iterable[Pattern]) -> Iterator[PatternState]:
    """The states of the rows. Damaged rows are logged and skipped: they stay listed but match nothing."""
    for row in rows:
        try:
            yield state_of(row)
        except FeatureMemoryError as error:
            handle_feature_memory_error(error)


def open_storage(project_id: UUID, version: str) -> CachedPatternStorage:
    return CachedPatternStorage(DatabasePatternStorage(Project(pk=project_id), version))


def restore_recognizer(
    project_id: UUID,
    states: list[PatternState],
    snapshot: bytes | None,
    since: Sequence[tuple[Observation, str]],
    settings: RecognizerSettings,
) -> DefaultPatternRecognizer:
    """Restore from states and snapshot; without a readable snapshot only the sample is lost. Whatever is
    damaged is left out: a project that cannot be loaded would never learn again."""
    # Seeded by the project: two projects that receive the same history share no pattern id.
    seed = project_id.int & (1 << 63) - 1
    try:
        chosen(*settings.embedding)
    except EmbedderError as error:
        logger.error("Project %s falls back to the lexical embedder: %s", project_id, error)
        settings = msgspec.structs.replace(settings, embedder="lexical")
    for known, replayed in ((snapshot, since), (None, since), (None, ())):
        try:
            return DefaultPatternRecognizer.restore(states, known, settings, replayed, seed=seed)
        except Exception as error:
            note_failure(project_id, "loading", "", error)
            logger.error("The recogniser of project %s cannot be read whole: %r", project_id, error)
    return DefaultPatternRecognizer.restore(skip_unreadable(states), None, settings, seed=seed)


def skip_unreadable(states: Iterable[PatternState]) -> list[PatternState]:
    """The states that a recogniser takes in; the others stay listed but match nothing."""
    found = []
    for state in states:
        try:
            DefaultPatternRecognizer.restore([state], None)
        except Exception as error:
            logger.error("Pattern %s cannot be used: %r", state.id, error)
        else:
            found.append(state)
    return found


def read_settings(project_id: UUID) -> RecognizerSettings:
    shared = config_of(project_id).values_for(RecognizerSettings.__struct_fields__)
    return RecognizerSettings(**shared, embedder_key=django_settings.EMBEDDER_KEY)


recognizers = RecognizerCache()
