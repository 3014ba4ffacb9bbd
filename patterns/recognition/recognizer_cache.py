"""The recognisers this process keeps, one a project, refreshed when another process has learned."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from django.conf import settings as django_settings

from featurememory.config import config_of
from featurememory.errors import FeatureMemoryError, handle_feature_memory_error
from featurememory.models import Project
from patterns.engine.domain.observation import Observation
from patterns.engine.grouping.free_text.embedders import EmbedderError, chosen
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer, version_of
from patterns.engine.settings import RecognizerSettings
from patterns.models import Learner, ModelInteraction, Pattern, Payload
from patterns.storage.cached import CachedPatternStorage
from patterns.storage.database import DatabasePatternStorage
from patterns.storage.rows import state_of
from patterns.storage.stored_observations import observation_of

logger = logging.getLogger("featurememory.memory")

# Readers may lag this much behind a learner in another process; learners never do.
STALE_S = 2.0
PROJECTS = 16


@dataclass
class LoadedRecognizer:
    """A recogniser, the learner's version it stands for, and the lock around its use."""

    recognizer: DefaultPatternRecognizer
    version: int
    checked: float
    storage: CachedPatternStorage
    lock: threading.RLock = field(default_factory=threading.RLock)
    embedding: tuple[str, ...] = ()


class RecognizerCache:
    """At most `PROJECTS` recognisers; the one unused for longest goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, LoadedRecognizer] = OrderedDict()
        self._lock = threading.Lock()

    def for_reading(self, project_id: UUID) -> LoadedRecognizer:
        """Good for `match_one`; at most STALE_S behind."""
        kept = self._get(project_id)
        if kept is None or time.monotonic() - kept.checked > STALE_S:
            kept = self.for_learning(project_id)
        return kept

    def for_learning(self, project_id: UUID) -> LoadedRecognizer:
        """Exactly what was saved last; only for the holder of the lease."""
        rows = Learner.objects.filter(pk=project_id)
        version, used = rows.values_list("version", "recognizer").first() or (0, {})
        kept, settings = self._get(project_id), find_settings_in_use(project_id, used)
        if kept is None or kept.version != version or kept.embedding != settings.embedding:
            kept = self._load(project_id)
        kept.checked = time.monotonic()
        kept.recognizer.settings = settings
        return kept

    def count_cached(self) -> dict[str, int]:
        """What the caches of all kept projects hold, and how often they had what was asked for."""
        with self._lock:
            storages = [kept.storage for kept in self._kept.values()]
        return {
            "size": sum(len(storage) for storage in storages),
            "hits": sum(storage.hits for storage in storages),
            "misses": sum(storage.misses for storage in storages),
        }

    def drop(self, project_id: UUID | None = None) -> None:
        """Forget one project (all without an id): its next use reads the database."""
        with self._lock:
            if project_id is None:
                self._kept.clear()
            else:
                self._kept.pop(project_id, None)

    def _get(self, project_id: UUID) -> LoadedRecognizer | None:
        with self._lock:
            kept = self._kept.get(project_id)
            if kept is not None:
                self._kept.move_to_end(project_id)
            return kept

    def _load(self, project_id: UUID) -> LoadedRecognizer:
        kept = load_recognizer(project_id)
        with self._lock:
            self._kept[project_id] = kept
            while len(self._kept) > PROJECTS:
                self._kept.popitem(last=False)
        return kept


def load_recognizer(project_id: UUID) -> LoadedRecognizer:
    """A recogniser that goes on where the saved one stopped."""
    learner = Learner.objects.filter(pk=project_id).first()
    rows = Pattern.objects.filter(project_id=project_id, state__isnull=False).stored()
    states = list(read_states(rows.order_by("pk").iterator()))
    snapshot = bytes(learner.snapshot) if learner and learner.snapshot else None
    since = list(read_learned_since(project_id, bytes(learner.unsaved))) if learner else []
    settings = find_settings_in_use(project_id, learner.recognizer if learner else {})
    recognizer = restore_recognizer(project_id, states, snapshot, since, settings)
    recognizer.version = find_version_in_use(learner, settings)
    storage = open_storage(project_id, recognizer.version)
    # The embedding asked for, also when it is not to be had: else every use would load anew.
    version = learner.version if learner else 0
    return LoadedRecognizer(
        recognizer, version, time.monotonic(), storage, embedding=settings.embedding
    )


def find_version_in_use(learner: Learner | None, settings: RecognizerSettings) -> str:
    """Of the recogniser that answers; the first that learned here noted none."""
    if learner is None or not learner.version:
        return version_of(settings)
    return str(learner.recognizer.get("version", "1"))


def find_settings_in_use(project_id: UUID, used: Mapping[str, str]) -> RecognizerSettings:
    """The thresholds as they are set, and the embedder of the recogniser that is in use: another
    choice takes effect when a recogniser has been built with it."""
    settings = read_settings(project_id)
    names = ("embedder", "embedder_url", "embedder_model")
    known = {name: used[name] for name in names if name in used}
    return msgspec.structs.replace(settings, **known)


def record_recognizer(learner: Learner, recognizer: DefaultPatternRecognizer) -> None:
    """Write down which recogniser is in use, so that it stays so; the caller saves the row."""
    settings = recognizer.settings
    learner.recognizer = {
        "version": recognizer.version,
        "embedder": settings.embedder,
        "embedder_url": settings.embedder_url,
        "embedder_model": settings.embedder_model,
    }


def set_snapshot(learner: Learner, recognizer: DefaultPatternRecognizer) -> None:
    """Everything learned so far is in the row now; the caller saves it."""
    learner.snapshot, learner.unsaved = recognizer.snapshot(), b""


def append_unsaved(learner: Learner, numbers: Sequence[int]) -> None:
    """These were learned since the snapshot: a restart learns them again. The caller saves it."""
    known = msgspec.msgpack.decode(bytes(learner.unsaved or b"\x90"), type=list[int])
    learner.unsaved = msgspec.msgpack.encode([*known, *numbers])


def read_learned_since(project_id: UUID, unsaved: bytes) -> Iterator[tuple[Observation, str]]:
    """What was learned since the snapshot and which pattern each belongs to, in that order.

    Interactions that were forgotten or damaged since are left out.
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
    """A damaged row must not stop a project: it is listed still, and matches nothing."""
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
    """The patterns count; without a readable snapshot only the examples beside them are lost."""
    # Seeded by the project: two projects that receive the same history share no pattern id.
    seed = project_id.int & (1 << 63) - 1
    try:
        chosen(*settings.embedding)
    except EmbedderError as error:
        logger.error("Project %s compares free text by its letters: %s", project_id, error)
        settings = msgspec.structs.replace(settings, embedder="lexical")
    try:
        return DefaultPatternRecognizer.restore(states, snapshot, settings, since, seed=seed)
    except (msgspec.DecodeError, ValueError) as error:
        logger.error("The examples of project %s cannot be read: %s", project_id, error)
        return DefaultPatternRecognizer.restore(states, None, settings, since, seed=seed)


def read_settings(project_id: UUID) -> RecognizerSettings:
    config = config_of(project_id)
    return RecognizerSettings(
        max_patterns=config.max_patterns,
        confidence_threshold=config.confidence_threshold,
        embedder=config.embedder,
        embedder_url=config.embedder_url,
        embedder_model=config.embedder_model,
        embedder_key=django_settings.EMBEDDER_KEY,
    )


recognizers = RecognizerCache()
