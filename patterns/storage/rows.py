"""Engine states as rows and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from featurememory.database.stored_text import remove_nul
from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.engine.domain.results import Feature, Slot
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.recurring_features import summarise_features
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.models import Pattern
from patterns.storage.shared_words import NO_WORDS, Words, show_text, show_value

NamedValue = TypeVar("NamedValue", Slot, Feature)


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


def to_datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def build_row(
    state: PatternState,
    project_id: UUID,
    version: str = DefaultPatternRecognizer.VERSION,
    words: Words = NO_WORDS,
) -> Pattern:
    """An unsaved row that mirrors the state; use_count is added by the database. `words` are shown in
    place of their digests."""
    data, shown = state.to_bytes(), state.shown
    return Pattern(
        id=UUID(state.id),
        project_id=project_id,
        model_id=state.model_id[:200],
        task_type=state.task_type[:200],
        kind=state.kind[:20],
        label=state.label,
        template=show_text(words, remove_nul(state.template_text)),
        parts=show_value(words, [[remove_nul(part.text), part.slot] for part in shown.parts]),
        slots=show_value(words, to_clean_json(call_by_names(state.slots, shown.names))),
        features=show_value(
            words, to_clean_json(call_by_names(summarise_features(state), shown.names))
        ),
        status=state.status,
        pinned=state.pinned,
        confidence=state.confidence,
        calibrated=state.calibrated,
        effectiveness=state.effectiveness,
        use_count=0,
        created_at=to_datetime(state.created_at),
        last_used=to_datetime(state.last_used),
        recognizer_version=version,
        size_bytes=len(data),
        state=data,
    )


def call_by_names(values: Sequence[NamedValue], names: Mapping[str, str]) -> list[NamedValue]:
    """Slots and features by the names people gave the slots."""
    return [
        msgspec.structs.replace(value, name=names[value.name])
        if value.name in names and not (isinstance(value, Feature) and value.type != "input")
        else value
        for value in values
    ]


def to_clean_json(values: Sequence[msgspec.Struct]) -> Any:
    """The values as plain JSON without NUL in any text or key."""
    encoded = msgspec.json.encode(values)
    plain = msgspec.json.decode(encoded)
    # The bytes `\\u0000` are a NUL, or a backslash before "u0000": only decoding tells which.
    return remove_nul_deep(plain) if b"\\u0000" in encoded else plain


# Columns that storing a known pattern overwrites. Label and pin belong to people: `update` sets them.
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


def remove_nul_deep(value: Any) -> Any:
    if isinstance(value, str):
        return remove_nul(value)
    if isinstance(value, list):
        return [remove_nul_deep(item) for item in value]
    if isinstance(value, dict):
        return {remove_nul(key): remove_nul_deep(item) for key, item in value.items()}
    return value
