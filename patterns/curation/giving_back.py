"""After a merge was undone: what arrived meanwhile goes to the pattern it would have gone to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from featurememory.database.write_lock import write_turn
from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from patterns.curation.history import add_activity
from patterns.curation.learner_turn import learning_turn
from patterns.curation.moving import find_owners, move_interactions
from patterns.models import ModelInteraction, Operation
from patterns.recognition.match_stored import match_stored
from patterns.recognition.recognizer_cache import LoadedRecognizer, recognizers

JOINING = ("merge", "reword")  # kinds of operations that may make one pattern of several
STEP, MOST = 200, 5000  # interactions matched at once, and in one request


def give_back_arrivals(project: Project, operation: Operation) -> int:
    """Moves what was learned since the merge to the sources it matches again; how many moved.

    The newest MOST are looked at. What remains, a re-match of everything moves (the job).
    """
    rows = select_arrivals(project, operation)
    moved, after = 0, 0
    numbers = list(rows.order_by("-number").values_list("number", flat=True)[: MOST + 1])
    try:
        for start in range(0, min(MOST, len(numbers)), STEP):
            after = start + STEP
            moved += give_back_batch(project, numbers[start:after], set(sources_of(operation)))
        complete = len(numbers) <= MOST
    except FeatureMemoryError:  # the patterns are being learned: the undo itself is done
        complete = False
    if not complete:
        text = "Not everything that arrived since the merge was given back: re-match under Jobs"
        add_activity(project, "memory", "restore", text, None)
    return moved


def sources_of(operation: Operation) -> list[str]:
    return list(operation.before.get("uses", {})) if operation.kind in JOINING else []


def select_arrivals(project: Project, operation: Operation) -> Any:
    """Interactions learned since the merge by the pattern that held the uses."""
    rows = ModelInteraction.objects.filter(project=project, state=1)
    if not sources_of(operation):
        return rows.none()
    into = operation.before["into"]
    holders = {into, find_owners(project, {into})[into]}
    since = round(operation.at.timestamp() * 1000)
    return rows.filter(pattern_id__in=holders, recognized_at__gte=since)


def give_back_batch(project: Project, numbers: Sequence[int], sources: set[str]) -> int:
    with learning_turn(project):
        wanted = match_again(recognizers.for_learning(project.pk), numbers, sources)
        with write_turn():
            return move_interactions(project, wanted)


def match_again(
    loaded: LoadedRecognizer, numbers: Sequence[int], sources: set[str]
) -> dict[str, str]:
    """Which of these interactions match one of the sources, as id to pattern id."""
    rows = list(ModelInteraction.objects.filter(pk__in=numbers))
    return {
        row.id: str(UUID(match.pattern_id))
        for row, match in match_stored(loaded, rows)
        if match.pattern_id in sources
    }
