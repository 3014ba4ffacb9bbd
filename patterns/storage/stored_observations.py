"""Stored interactions as observations of the engine."""

from __future__ import annotations

from patterns.engine.domain.observation import Observation
from patterns.models import ModelInteraction
from patterns.storage.payloads import Stored, unpack_payload


def observation_of(row: ModelInteraction, data: Stored) -> Observation:
    """A stored interaction as an observation, times in seconds. ValueError for a damaged payload."""
    content = unpack_payload(data)
    return Observation(
        id=row.id,
        input=content.get("input"),
        output=content.get("output"),
        timestamp=row.timestamp / 1000,
        parameters=content.get("parameters") or {},
        model_id=row.model_id,
        task_type=row.task_type,
        duration=None if row.has_failed else row.duration,
        memory_usage=row.memory_usage,
        token_count=row.token_count,
        processing_time=row.processing_time,
        success=row.success,
        score=row.score,
        tags=content.get("tags") or {},
    )
