"""Split a pattern by a slot or by examples, and take a split back."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from featurememory.database.write_lock import write_turn
from featurememory.errors import invalid, not_found
from featurememory.models import Project
from patterns.curation.history import (
    add_activity,
    add_pattern_events,
    collect_previous_decisions,
    create_operation,
    parse_id,
    select_stored,
)
from patterns.curation.learner_turn import learning_turn, save_recognizer
from patterns.curation.merging import apply_merge
from patterns.models import Operation
from patterns.recognition.recognizer_cache import recognizers


def undo_split(project: Project, operation: Operation) -> None:
    """The parts become redirects to the pattern they were parted from."""
    parts = select_stored(project).filter(pk__in=operation.before.get("parts", []))
    uses = {str(pk): count for pk, count in parts.values_list("pk", "use_count")}
    if uses:
        apply_merge(project, uses, operation.before["into"])


def split_pattern(
    project: Project, pattern_id: str, actor: str, *, slot: str | None, example_ids: Sequence[str]
) -> tuple[Operation, list[str]]:
    """Make several patterns of one: a pattern per value of a slot, or one for the examples."""
    with learning_turn(project), write_turn():
        row = select_stored(project).filter(pk=parse_id(pattern_id)).first()
        if row is None:
            raise not_found("pattern")
        kept = recognizers.for_learning(project.pk)
        decided = deepcopy(kept.recognizer.decisions)
        try:
            with kept.lock:
                change = kept.recognizer.split(
                    pattern_id, slot=slot, observation_ids=list(example_ids)
                )
        except (ValueError, KeyError) as error:
            pointer = "/by" if slot is not None else "/example_ids"
            raise invalid(str(error).strip("'"), pointer) from error
        undo_with = {
            "status": {str(row.pk): row.status},
            "into": str(row.pk),
            "parts": [name for name in change.targets if name != str(row.pk)],
            "decisions": collect_previous_decisions(decided, kept.recognizer.decisions),
        }
        operation = create_operation(project, "split", actor, 1, undo_with)
        add_pattern_events(project, [str(row.pk)], "split", actor, {"into": list(change.targets)})
        add_activity(
            project, actor, "split", f"Split {row} into {len(change.targets)}", operation, row
        )
        save_recognizer(project)
    return operation, list(change.targets)
