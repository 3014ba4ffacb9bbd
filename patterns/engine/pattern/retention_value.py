"""Estimate the future uses of a pattern from how often and how recently it was used."""

from __future__ import annotations

from patterns.engine.pattern.pattern_state import PatternState

WEEK = 7 * 86_400.0


def estimate_worth(state: PatternState, now: float) -> float:
    """Uses to come, about (0 and up): a pattern used once has shown nothing yet.

    A pattern used n times since it was founded is expected to be used n - 1 times as often again;
    what rests loses half of that per life it has had (at least a week).
    """
    life = max(state.last_used - state.created_at, WEEK)
    rest = max(0.0, now - state.last_used)
    proven = max(0, state.use_count - 1) + (state.effectiveness or 0.0) * 0.01
    return float((proven + 0.01) * 0.5 ** (rest / life))
