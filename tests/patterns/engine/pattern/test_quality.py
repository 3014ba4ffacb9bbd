"""How good the uses of a pattern were, lately and in all."""

from __future__ import annotations

import pytest

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.quality import (
    absorb_quality,
    correct_quality,
    estimate_effectiveness,
    is_drifting,
    note_quality,
)


def judged(*qualities: float | None) -> PatternState:
    state = PatternState(id="a", partition="", kind="text")
    for quality in qualities:
        note_quality(state, quality)
    return state


def test_unknown_quality_says_nothing() -> None:
    assert estimate_effectiveness(judged(None, None)) is None


def test_few_uses_are_shrunk_towards_the_middle() -> None:
    assert estimate_effectiveness(judged(1.0)) == pytest.approx(2 / 3)
    assert estimate_effectiveness(judged(*[1.0] * 98)) == pytest.approx(0.99)


def test_a_pattern_drifts_when_its_newest_uses_are_clearly_worse() -> None:
    assert is_drifting(judged(*[1.0] * 200, *[0.0] * 20))
    assert not is_drifting(judged(*[1.0] * 20, *[0.0] * 20))
    assert not is_drifting(judged(*[1.0, 0.0] * 100))


def test_a_correction_leaves_the_mean_of_what_was_said_last() -> None:
    state = judged(0.0, 1.0)
    correct_quality(state, 1.0, 0)
    assert (state.quality_sum, state.quality_count) == (2.0, 2)


def test_a_share_of_another_pattern_keeps_the_mean_within_bounds() -> None:
    state, other = judged(), judged(1.0, 1.0, 1.0)
    absorb_quality(state, other, 0.5)
    assert (state.quality_sum, state.quality_count) == (2.0, 2)
