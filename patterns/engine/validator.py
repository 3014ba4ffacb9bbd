"""Check whether a pattern is fit to act on."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.recurring_features import summarise_features

SUPPORT = 4  # uses before a pattern is more than a candidate
LARGEST = 4096  # bytes
MOST_FEATURES = 40


class Validation(msgspec.Struct, frozen=True):
    """Each error and warning is a sentence people can act on."""

    valid: bool
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class PatternValidator:
    """The rules a pattern must meet before anything is derived from it."""

    def validate(self, state: PatternState) -> Validation:
        errors = tuple(_find_errors(state))
        return Validation(not errors, errors, tuple(_find_warnings(state)))


def _find_errors(state: PatternState) -> Iterator[str]:
    features = summarise_features(state)
    kinds = {feature.type for feature in features}
    if not state.id:
        yield "The pattern has no id."
    if "input" not in kinds:
        yield "The pattern has no input feature."
    if "output" not in kinds:
        yield "The pattern has no output feature: none of its interactions kept an output."
    if state.use_count < 1:
        yield f"The use count must be at least 1, it is {state.use_count}."
    if not 0 <= state.confidence <= 1:
        yield f"The confidence must lie between 0 and 1, it is {state.confidence}."
    if state.last_used < state.created_at:
        yield "The pattern was used before it was created."
    if state.kind in ("text", "chat") and _is_all_slot(state):
        yield "The template is nothing but slots, so it would match anything."
    if len(features) > MOST_FEATURES:
        yield f"The pattern has {len(features)} features, more than {MOST_FEATURES}."


def _is_all_slot(state: PatternState) -> bool:
    return bool(state.template) and not any(part.text.strip() for part in state.template)


def _find_warnings(state: PatternState) -> Iterator[str]:
    if state.use_count < SUPPORT:
        yield f"Only {state.use_count} of {SUPPORT} uses needed for support."
    if not state.calibrated:
        yield "The confidence is not calibrated yet."
    if state.status == "drifting":
        yield "Recent uses look unlike the earlier ones."
    if state.size_bytes > LARGEST:
        yield f"The pattern takes {state.size_bytes} bytes, more than {LARGEST}."
