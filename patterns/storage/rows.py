"""Engine states as rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.recurring_features import summarise_features
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.models import Pattern


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
        features=cleaned(summarise_features(state)),
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


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): without_nul(item) for key, item in value.items()}
    return value
