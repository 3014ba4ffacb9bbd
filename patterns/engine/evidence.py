"""What speaks for an answer: the features its chance to be right is judged by."""

from __future__ import annotations

from collections.abc import Sequence

from patterns.engine.grouping import Candidate
from patterns.engine.rendering import Piece
from patterns.engine.templates import PatternState


def evidence(
    method: str | None,
    candidate: Candidate,
    state: PatternState,
    text: str,
    pieces: Sequence[Piece],
) -> dict[str, float]:
    """The features of `confidence.ConfidenceModel`; without pieces all the text is anchored."""
    anchored = sum(len(piece.text) for piece in pieces if not piece.slot) if pieces else len(text)
    return {
        "score": candidate.score,
        "runner_up_score": candidate.runner_up_score,
        "n": float(state.use_count),
        "coverage": anchored / max(1, len(text)) if pieces else 1.0,
        "anchored": float(anchored),
        f"kind:{method or 'exact'}": 1.0,
    }
