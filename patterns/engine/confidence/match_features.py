"""The features of a match that the confidence model estimates its chance to be right from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patterns.engine.grouping.grouper import Candidate
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.templates.rendering import TextPiece
from patterns.engine.text.ngrams import tokenize_normal

DOUBTS = ("divided", "chosen", "bound", "paired", "strange")


def list_doubts(found: Mapping[str, float]) -> dict[str, float]:
    """The features that speak against an answer, to show to people; zeros are left out."""
    return {name: round(found[name], 4) for name in DOUBTS if found.get(name)}


def gather_evidence(
    method: str,
    candidate: Candidate,
    state: PatternState,
    text: str,
    pieces: Sequence[TextPiece],
) -> dict[str, float]:
    """The features `ConfidenceModel` reads. Without pieces all of the text counts as anchored."""
    anchored = sum(len(piece.text) for piece in pieces if not piece.slot) if pieces else len(text)
    cohesion = state.cohesion
    return {
        "score": candidate.score,
        "runner_up_score": candidate.runner_up_score,
        "n": float(state.use_count),
        "coverage": anchored / max(1, len(text)) if pieces else 1.0,
        "anchored": float(anchored),
        "anchors": float(len(state.skeleton.anchors)),
        "unsettled": float(bool(pieces) and not state.skeleton.settled),
        "divided": cohesion.divided,
        "chosen": cohesion.chosen,
        "bound": cohesion.bound,
        "paired": cohesion.paired,
        "strange": cohesion.strangeness(len(tokenize_normal(text)[1])) if pieces else 0.0,
        f"kind:{method}": 1.0,
    }
