"""Our own attributes close the loop: a decision's outcome may come as a span."""

from __future__ import annotations

from tests.integration.dialects.sent import CHAT, told


def test_task_decision_and_score_are_read() -> None:
    own = {"task_type": "support", "decision_id": "d-1", "score": 0.9, "session_id": "s-9"}
    interaction = told({**CHAT, **{f"feature_memory.{name}": value for name, value in own.items()}})

    assert {name: interaction[name] for name in own} == own


def test_a_score_that_is_none_is_left_out() -> None:
    assert "score" not in told({**CHAT, "feature_memory.score": 5})
