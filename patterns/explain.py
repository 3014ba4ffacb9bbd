"""Why an interaction belongs to its pattern, asked of the recogniser as it is now."""

from __future__ import annotations

from typing import Any

from patterns.engine.observation import Observation
from patterns.memory import memory
from patterns.models import ModelInteraction
from patterns.payloads import Stored, unpack


def observation_of(row: ModelInteraction, data: Stored) -> Observation:
    """The engine's view of a stored interaction. ValueError when its payload is damaged."""
    content = unpack(data)
    return Observation(
        id=row.id,
        input=content.get("input"),
        output=content.get("output"),
        timestamp=row.timestamp / 1000,
        parameters=content.get("parameters") or {},
        model_id=row.model_id,
        task_type=row.task_type,
        duration=row.duration,
        memory_usage=row.memory_usage,
        token_count=row.token_count,
        processing_time=row.processing_time,
        success=row.success,
        score=row.score,
        tags=content.get("tags") or {},
    )


def explain(row: ModelInteraction, data: Stored | None) -> dict[str, Any] | None:
    """`why` of the recogniser as it stands; None while the interaction waits, or is damaged."""
    if row.pattern_id is None or data is None:
        return None
    try:
        observation = observation_of(row, data)
    except ValueError:
        return None
    kept = memory.for_reading(row.project_id)
    with kept.lock:
        match = kept.recognizer.match_one(observation)
    return match.why if match else None
