"""The recognisers this process keeps, one a project, refreshed when another process has learned."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from django.conf import settings as django_settings

from featurememory.config import config_of
from featurememory.errors import FeatureMemoryError, handle_feature_memory_error
from featurememory.models import Project
from patterns.engine.embedders import EmbedderError, chosen
from patterns.engine.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.settings import RecognizerSettings
from patterns.engine.templates import PatternState
from patterns.models import Learner, ModelInteraction, Pattern, Payload
from patterns.observing import observation_of
from patterns.storage import CachedPatternStorage, DatabasePatternStorage, state_of

logger = logging.getLogger("featurememory.memory")

# Readers may lag this much behind a learner in another process; learners never do.
STALE_S = 2.0
PROJECTS = 16


@dataclass
class Kept:
    """A recogniser, the learner's version it stands for, and the lock around its use."""

    recognizer: DefaultPatternRecognizer
    version: int
    checked: float
    storage: CachedPatternStorage
    lock: threading.RLock = field(default_factory=threading.RLock)
    embedding: tuple[str, ...] = ()


class Memory:
    """At most `PROJECTS` recognisers; the one unused for longest goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def for_reading(self, project_id: UUID) -> Kept:
        """Good for `match_one`; at most STALE_S behind."""
        kept = self._get(project_id)
        if kept is None or time.monotonic() - kept.checked > STALE_S:
            kept = self.for_learning(project_id)
        return kept

    def for_learning(self, project_id: UUID) -> Kept:
        """Exactly what was saved last; only for the holder of the lease."""
        version = Learner.objects.filter(pk=project_id).values_list("version", flat=True).first()
        kept, settings = self._get(project_id), settings_of(project_id)
        if kept is None or kept.version != (version or 0) or kept.embedding != settings.embedding:
            kept = self._load(project_id)
        kept.checked = time.monotonic()
        kept.recognizer.settings = settings
        return kept

    def figures(self) -> dict[str, int]:
        """What the caches of all kept projects hold, and how often they had what was asked for."""
        with self._lock:
            storages = [kept.storage for kept in self._kept.values()]
        return {
            "size": sum(len(storage) for storage in storages),
            "hits": sum(storage.hits for storage in storages),
            "misses": sum(storage.misses for storage in storages),
        }

    def put(self, project_id: UUID, recognizer: DefaultPatternRecognizer, version: int) -> None:
        kept = Kept(recognizer, version, time.monotonic(), storage_of(project_id))
        kept.embedding = settings_of(project_id).embedding
        with self._lock:
            self._kept[project_id] = kept

    def drop(self, project_id: UUID | None = None) -> None:
        """Forget one project (all without an id): its next use reads the database."""
        with self._lock:
            if project_id is None:
                self._kept.clear()
            else:
                self._kept.pop(project_id, None)

    def _get(self, project_id: UUID) -> Kept | None:
        with self._lock:
            kept = self._kept.get(project_id)
            if kept is not None:
                self._kept.move_to_end(project_id)
            return kept

    def _load(self, project_id: UUID) -> Kept:
        kept = load(project_id)
        # What was asked for, also when it is not to be had: otherwise every use would load anew.
        kept.embedding = settings_of(project_id).embedding
        with self._lock:
            self._kept[project_id] = kept
            while len(self._kept) > PROJECTS:
                self._kept.popitem(last=False)
        return kept


def load(project_id: UUID) -> Kept:
    """A recogniser that goes on where the saved one stopped."""
    learner = Learner.objects.filter(pk=project_id).first()
    rows = Pattern.objects.filter(project_id=project_id, state__isnull=False).stored()
    states = list(readable(rows.order_by("pk").iterator()))
    snapshot = bytes(learner.snapshot) if learner and learner.snapshot else None
    since = list(learned_since(project_id, bytes(learner.unsaved))) if learner else []
    recognizer = restored(project_id, states, snapshot, since)
    version = learner.version if learner else 0
    return Kept(recognizer, version, time.monotonic(), storage_of(project_id))


def keep_snapshot(learner: Learner, recognizer: DefaultPatternRecognizer) -> None:
    """Everything learned so far is in the row now; the caller saves it."""
    learner.snapshot, learner.unsaved = recognizer.snapshot(), b""


def keep_numbers(learner: Learner, numbers: Sequence[int]) -> None:
    """These were learned since the snapshot: a restart learns them again. The caller saves it."""
    known = msgspec.msgpack.decode(bytes(learner.unsaved or b"\x90"), type=list[int])
    learner.unsaved = msgspec.msgpack.encode([*known, *numbers])


def learned_since(project_id: UUID, unsaved: bytes) -> Iterator[tuple[Observation, str]]:
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


def readable(rows: Iterable[Pattern]) -> Iterator[PatternState]:
    """A damaged row must not stop a project: it is listed still, and matches nothing."""
    for row in rows:
        try:
            yield state_of(row)
        except FeatureMemoryError as error:
            handle_feature_memory_error(error)


def storage_of(project_id: UUID) -> CachedPatternStorage:
    return CachedPatternStorage(DatabasePatternStorage(Project(pk=project_id)))


def restored(
    project_id: UUID,
    states: list[PatternState],
    snapshot: bytes | None,
    since: Sequence[tuple[Observation, str]] = (),
) -> DefaultPatternRecognizer:
    """The patterns count; without a readable snapshot only the examples beside them are lost."""
    # Seeded by the project: two projects that receive the same history share no pattern id.
    seed = project_id.int & (1 << 63) - 1
    settings = settings_of(project_id)
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


def settings_of(project_id: UUID) -> RecognizerSettings:
    config = config_of(project_id)
    return RecognizerSettings(
        max_patterns=config.max_patterns,
        confidence_threshold=config.confidence_threshold,
        embedder=config.embedder,
        embedder_url=config.embedder_url,
        embedder_model=config.embedder_model,
        embedder_key=django_settings.EMBEDDER_KEY,
    )


memory = Memory()
