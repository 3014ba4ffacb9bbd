"""What people said of words that only erased texts had."""

from __future__ import annotations

from collections.abc import Collection

from featurememory.models import Project
from patterns.engine.recognizer_state.decided_words import forget_unseen_words
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.models import Operation


def forget_words(project: Project, memory: RecognizerState, ids: Collection[str]) -> None:
    """Also where Undo would bring them back: what it knows of words goes with them."""
    gone = forget_unseen_words(memory, ids)
    for operation in Operation.objects.filter(project=project) if gone else ():
        kept = operation.before.get("decisions", {}).get("words", {})
        if any(word in str(kept) for word in gone):
            operation.before["decisions"]["words"] = {}
            operation.save(update_fields=["before"])
