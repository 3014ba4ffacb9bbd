"""Patterns kept: the only code that turns rows into engine state and back.

`DatabasePatternStorage` and `InMemoryPatternStorage` behave alike; `CachedPatternStorage` keeps
what was retrieved lately in front of either.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias
from uuid import UUID

import msgspec
from django.db.models import F
from django.utils import timezone

from featurememory.errors import ErrorCode, FeatureMemoryError, not_found
from featurememory.models import Project
from patterns import upserts
from patterns.criteria import STORED, PatternCriteria
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.templates import PatternState
from patterns.models import Pattern

Made: TypeAlias = dict[str, list[Any]]  # columns of rows, by the id of the pattern
NO_USES: Mapping[str, int] = {}
CHANGEABLE = ("label", "pinned", "status", "confidence")


class PatternStorage(Protocol):
    """What a store of patterns does. Ids are UUID texts."""

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        """Insert or replace; `uses` adds to the use counts."""

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        """The states that meet the criteria, in their sort order."""

    def get(self, pattern_id: str) -> PatternState:
        """FeatureMemoryError NOT_FOUND when there is none."""

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        """Change label, pinned, status or confidence of one pattern."""

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        """Take away what is unpinned, below the confidence and not used since; the ids taken."""


def state_of(row: Pattern) -> PatternState:
    """The engine's state of a row. STORAGE_FAILED when the bytes are of another version."""
    try:
        state = PatternState.from_bytes(bytes(row.state or b""))
    except (msgspec.DecodeError, ValueError) as error:
        raise FeatureMemoryError(
            f"Pattern {row.pk} cannot be read: {error}. Prune it; it will be learned again.",
            ErrorCode.STORAGE_FAILED,
        ) from error
    state.label, state.pinned = row.label, row.pinned
    return state


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def row_of(
    state: PatternState, project_id: UUID, version: str = DefaultPatternRecognizer.VERSION
) -> Pattern:
    """An unsaved row that mirrors the state; use_count is added by the database."""
    data = state.to_bytes()
    return Pattern(
        id=UUID(state.id),
        project_id=project_id,
        model_id=state.model_id[:200],
        task_type=state.task_type[:200],
        kind=state.kind[:20],
        label=state.label,
        template=clean(state.template_text),
        parts=[[clean(part.text), part.slot] for part in state.template],
        slots=cleaned(state.slots),
        features=cleaned(state.features),
        status=state.status,
        pinned=state.pinned,
        confidence=state.confidence,
        calibrated=state.calibrated,
        effectiveness=state.effectiveness,
        use_count=0,
        created_at=at(state.created_at),
        last_used=at(state.last_used),
        recognizer_version=version,
        size_bytes=len(data),
        state=data,
    )


def clean(text: str) -> str:
    """PostgreSQL stores no NUL and no lone surrogate."""
    return text.replace("\x00", "␀").encode("utf-8", "replace").decode()


def cleaned(values: Sequence[msgspec.Struct]) -> Any:
    """The values as JSON a database takes: no NUL in any text or key."""
    encoded = msgspec.json.encode(values)
    plain = msgspec.json.decode(encoded)
    # The bytes `\\u0000` are a NUL, or a backslash before "u0000": only decoded text tells.
    return without_nul(plain) if b"\\u0000" in encoded else plain


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): without_nul(item) for key, item in value.items()}
    return value


# What storing a known pattern again overwrites. Label and pin belong to people: `update` sets them.
MIRRORED = [
    "model_id",
    "template",
    "parts",
    "slots",
    "features",
    "status",
    "confidence",
    "calibrated",
    "effectiveness",
    "created_at",
    "last_used",
    "recognizer_version",
    "size_bytes",
    "state",
]


class DatabasePatternStorage:
    """Rows of `patterns.models.Pattern` of one project."""

    def __init__(self, project: Project, version: str = DefaultPatternRecognizer.VERSION) -> None:
        self.project, self.version = project, version

    @property
    def rows(self) -> Any:
        return Pattern.objects.filter(project_id=self.project.pk)

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        made = self.made(states, uses)
        self.put(made)
        self.add_uses({name: count for name, count in uses.items() if name not in made})

    def made(self, states: Iterable[PatternState], uses: Mapping[str, int]) -> Made:
        """The costly half of `store`: what `put` writes, by id. Needs no transaction."""
        rows = [row_of(state, self.project.pk, self.version) for state in states]
        for row in rows:
            row.use_count = uses.get(str(row.pk), 0)
        rows.sort(key=lambda row: row.pk)  # one lock order for all processes
        return {str(row.pk): upserts.as_columns(row) for row in rows}

    def put(self, made: Made) -> None:
        upserts.put(list(made.values()), MIRRORED)

    def add_uses(self, uses: Mapping[str, int]) -> None:
        by_count: dict[int, list[str]] = {}
        for pattern_id, count in sorted(uses.items()):
            by_count.setdefault(count, []).append(pattern_id)
        for count, ids in by_count.items():
            self.rows.filter(pk__in=ids).update(use_count=F("use_count") + count)

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        rows = criteria.apply(self.rows).filter(state__isnull=False)
        return [state_of(row) for row in rows.order_by(criteria.sort, "pk")]

    def get(self, pattern_id: str) -> PatternState:
        row = self.rows.stored().filter(pk=valid_id(pattern_id)).first()
        if row is None:
            raise not_found("pattern")
        return state_of(row)

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        state = changed(self.get(pattern_id), changes)
        self.rows.filter(pk=pattern_id).update(**changes, state=state.to_bytes())
        return state

    def weak(self, threshold: float, unused_since: datetime) -> list[str]:
        """What `cleanup` would take."""
        rows = self.rows.stored().filter(
            pinned=False, confidence__lt=threshold, last_used__lt=unused_since
        )
        return [str(pk) for pk in rows.values_list("pk", flat=True)]

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        ids = self.weak(threshold, unused_since)
        self.archive(ids, "memory", f"below {threshold:.2f} and unused")
        return ids

    def archive(self, ids: Sequence[str], actor: str, why: str) -> int:
        """Soft: the row, its state and its counts stay until the trash is emptied."""
        return int(
            self.rows.stored()
            .filter(pk__in=ids)
            .update(
                status=Pattern.Status.ARCHIVED,
                archived_at=timezone.now(),
                archived_by=actor,
                archived_why=why,
            )
        )

    def evict(self, reasons: Mapping[str, str]) -> None:
        """Archive what the engine gave up. Nothing can bring it back, so only its name, its
        template and its counts stay: a flood of one-offs must not fill the disk with states.

        The row is written anew: shrunk where it lies, SQLite would keep its page for it, and a name
        took 8 kB (45 MB for 6,000 patterns, measured).
        """
        if not reasons:
            return
        self.archive(list(reasons), "memory", "evicted")
        rows = self.rows.filter(pk__in=list(reasons))
        names = list(rows.defer("state", "parts", "slots", "features"))
        for row in names:
            row.state, row.size_bytes, row.parts, row.slots, row.features = None, 0, [], [], []
            row.archived_why = f"evicted: {reasons[str(row.pk)]}"[:200]
        rows._raw_delete(using=rows.db)
        Pattern.objects.bulk_create(names, batch_size=200)


class InMemoryPatternStorage:
    """The same, in a dictionary: for tests, trials and `storage.type = memory`."""

    def __init__(self) -> None:
        self._states: dict[str, PatternState] = {}
        self._uses: dict[str, int] = {}

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        for state in states:
            fresh = PatternState.from_bytes(state.to_bytes())
            if known := self._states.get(state.id):
                fresh.label, fresh.pinned = known.label, known.pinned
            self._states[state.id] = fresh
        for pattern_id, count in uses.items():
            self._uses[pattern_id] = self._uses.get(pattern_id, 0) + count

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        name, down = criteria.sort.lstrip("-"), criteria.sort.startswith("-")
        found = sorted(
            (s for s in self._states.values() if criteria.accepts(s)), key=lambda s: s.id
        )
        return sorted(found, key=lambda s: getattr(s, name) or 0, reverse=down)

    def get(self, pattern_id: str) -> PatternState:
        if pattern_id not in self._states:
            raise not_found("pattern")
        return PatternState.from_bytes(self._states[pattern_id].to_bytes())

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        state = changed(self.get(pattern_id), changes)
        self._states[pattern_id] = state
        return state

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        weak = [
            state.id
            for state in self._states.values()
            if not state.pinned
            and state.confidence < threshold
            and at(state.last_used) < unused_since
        ]
        for pattern_id in weak:
            del self._states[pattern_id]
        return weak


class CachedPatternStorage:
    """Least recently used states in front of another storage, at most `size`; counts its hits."""

    def __init__(self, storage: PatternStorage, size: int = 1000) -> None:
        self.storage, self.size = storage, size
        self.hits = self.misses = 0
        self._kept: OrderedDict[str, PatternState] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, state: PatternState) -> PatternState:
        self._kept[state.id] = state
        self._kept.move_to_end(state.id)
        while len(self._kept) > self.size:
            self._kept.popitem(last=False)
        return state

    def get(self, pattern_id: str) -> PatternState:
        if pattern_id in self._kept:
            self.hits += 1
            return self._keep(self._kept[pattern_id])
        self.misses += 1
        return self._keep(self.storage.get(pattern_id))

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        stored = list(states)
        self.storage.store(stored, uses)
        self.forget(state.id for state in stored)

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        return self.storage.retrieve(criteria)

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        return self._keep(self.storage.update(pattern_id, **changes))

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        taken = self.storage.cleanup(threshold, unused_since)
        self.forget(taken)
        return taken

    def forget(self, ids: Iterable[str]) -> None:
        """What was changed past this cache is read again."""
        for pattern_id in ids:
            self._kept.pop(pattern_id, None)


# The documented name of what a project uses.
DefaultPatternStorage = DatabasePatternStorage


def valid_id(text: str) -> UUID:
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise not_found("pattern") from error


def changed(state: PatternState, changes: Mapping[str, Any]) -> PatternState:
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise FeatureMemoryError(
            f"{', '.join(unknown)} cannot be changed; {', '.join(CHANGEABLE)} can.",
            ErrorCode.VALIDATION_FAILED,
        )
    if changes.get("status", "candidate") not in STORED:
        raise FeatureMemoryError(
            f"The status must be among {', '.join(STORED)}; cleanup and prune archive.",
            ErrorCode.VALIDATION_FAILED,
        )
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def unused_since(interval_s: int, newest: datetime) -> datetime:
    """Before this moment a pattern counts as unused: `interval_s` before the newest use."""
    return newest - timedelta(seconds=interval_s)
