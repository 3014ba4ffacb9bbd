"""Explain why an interaction belongs to its pattern."""

from __future__ import annotations

from typing import Any

from patterns.models import ModelInteraction
from patterns.recognition.recognizer_cache import recognizers
from patterns.storage.payloads import Stored
from patterns.storage.stored_observations import observation_of


def explain_match(row: ModelInteraction, data: Stored | None) -> dict[str, Any] | None:
    """The current recogniser's explanation (slots, anchors, runner-up); None while the interaction is
    pending or when its payload is damaged."""
    if row.pattern_id is None or data is None:
        return None
    try:
        observation = observation_of(row, data)
    except ValueError:
        return None
    loaded = recognizers.for_reading(row.project_id)
    with loaded.lock:
        match = loaded.recognizer.match_one(observation)
    return match.why if match else None
