"""Why an interaction belongs to its pattern, asked of the recogniser as it is now."""

from __future__ import annotations

from typing import Any

from patterns.models import ModelInteraction
from patterns.recognition.recognizer_cache import recognizers
from patterns.storage.payloads import Stored
from patterns.storage.stored_observations import observation_of


def explain_match(row: ModelInteraction, data: Stored | None) -> dict[str, Any] | None:
    """`why` of the recogniser as it stands; None while the interaction waits, or is damaged."""
    if row.pattern_id is None or data is None:
        return None
    try:
        observation = observation_of(row, data)
    except ValueError:
        return None
    kept = recognizers.for_reading(row.project_id)
    with kept.lock:
        match = kept.recognizer.match_one(observation)
    return match.why if match else None
