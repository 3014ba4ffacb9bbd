"""Explain why an interaction belongs to its pattern."""

from __future__ import annotations

from typing import Any

from patterns.criteria import format_time
from patterns.failed_records import find_failure
from patterns.models import ModelInteraction
from patterns.recognition.recognizer_cache import recognizers
from patterns.storage.payloads import Stored
from patterns.storage.shared_words import show_value, words_of
from patterns.storage.stored_observations import observation_of


def explain_match(row: ModelInteraction, data: Stored | None) -> dict[str, Any] | None:
    """The current recogniser's explanation (slots, anchors, runner-up); for a failed interaction the
    reason, under "failed". None while the interaction is pending or when its payload is damaged."""
    if row.state == ModelInteraction.InteractionState.FAILED:
        return explain_failure(row)
    if row.pattern_id is None or data is None:
        return None
    try:
        observation = observation_of(row, data)
    except ValueError:
        return None
    loaded = recognizers.for_reading(row.project_id)
    with loaded.lock:
        match = loaded.recognizer.match_one(observation)
    return show_value(words_of(row.project_id), match.why) if match else None


def explain_failure(row: ModelInteraction) -> dict[str, Any] | None:
    """Why the interaction could not be recognised, and how often that was tried."""
    found = find_failure(row.project_id, row)
    if found is None:
        return None
    return {
        "failed": {
            "code": found.code,
            "reason": found.reason,
            "at": format_time(found.at),
            "attempts": found.attempts,
        }
    }
