"""Split a pattern by a slot or by examples, and undo a split."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from featurememory.database.write_lock import write_turn
from featurememory.errors import invalid, not_found
from featurememory.models import Project
from patterns.criteria import parse_id
from patterns.curation.example_split import read_samples, split_by_examples
from patterns.curation.history import record_operation, select_stored
from patterns.curation.learner_turn import change_recognizer, learning_turn, save_recognizer
from patterns.curation.merging import apply_merge
from patterns.curation.moving import find_owners
from patterns.curation.part_reading import read_by_slot
from patterns.engine.domain.results import Change, ValueShare
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.models import Operation
from patterns.recognition.recognizer_cache import recognizers
from patterns.storage.shared_words import show_text, words_of


def undo_split(project: Project, operation: Operation) -> None:
    """Turn the parts into redirects to the pattern they were split from, or to the one it was merged
    into since."""
    parts = select_stored(project).filter(pk__in=operation.before.get("parts", []))
    uses = {str(pk): count for pk, count in parts.values_list("pk", "use_count")}
    if uses:
        into = operation.before["into"]
        apply_merge(project, uses, find_owners(project, {into})[into])


def foresee_values(project: Project, pattern_id: str, slot: str) -> list[ValueShare]:
    """The values of a slot that a split by it makes patterns of, with their share of its uses, the most
    frequent first; none for an unknown slot."""
    loaded = recognizers.for_reading(project.pk)
    with loaded.lock:
        if pattern_id not in loaded.recognizer:
            return []
        state = loaded.recognizer.get(pattern_id)
        names = {shown: name for name, shown in state.shown.names.items()}
        sketch = state.sketches.get(names.get(slot, slot))
        found = sketch.rank_values() if sketch is not None else []
    words = words_of(project.pk)
    return [one._replace(value=show_text(words, one.value)) for one in found]


def split_pattern(
    project: Project,
    pattern_id: str,
    actor: str,
    *,
    slot: str | None,
    example_ids: Sequence[str],
    label: str = "",
) -> tuple[Operation, list[str]]:
    """Split a pattern: one pattern per value of `slot`, or one for the interactions `example_ids` and
    those alike, which may be called `label`.

    Returns the operation and the ids of the resulting patterns. 404, 422 when it cannot be split.
    """
    pointer = "/by" if slot is not None else "/example_ids"
    return apply_split(
        project,
        pattern_id,
        actor,
        lambda one, own: split_recognizer(one, project, own, slot, example_ids, label),
        pointer=pointer,
    )


def apply_split(
    project: Project,
    pattern_id: str,
    actor: str,
    split: Callable[[DefaultPatternRecognizer, str], Change],
    *,
    pointer: str,
    way: str = "",
    follow: Callable[[list[str]], None] | None = None,
) -> tuple[Operation, list[str]]:
    """Have the recogniser split a pattern (`way` says in a few words how), and write the operation down.

    `follow` is given the resulting patterns, in the same transaction. 404; 422 at `pointer` when it
    cannot be split.
    """
    with learning_turn(project), write_turn():
        row = select_stored(project).filter(pk=parse_id(pattern_id)).first()
        if row is None:
            raise not_found("pattern")
        own = str(row.pk)
        try:
            change, decided = change_recognizer(project, lambda one: split(one, own))
        except (ValueError, KeyError) as error:
            raise invalid(str(error).strip("'"), pointer) from error
        undo_with = {
            "status": {own: row.status},
            "into": own,
            "parts": [name for name in change.targets if name != own],
            "decisions": decided,
        }
        summary = f"Split {row} into {len(change.targets)}{way}"
        details = {"into": list(change.targets)}
        operation = record_operation(
            project, "split", actor, [own], summary, before=undo_with, details=details, pattern=row
        )
        save_recognizer(project)
        if follow is not None:
            follow(list(change.targets))
    return operation, list(change.targets)


def split_recognizer(
    recognizer: DefaultPatternRecognizer,
    project: Project,
    own: str,
    slot: str | None,
    example_ids: Sequence[str],
    label: str,
) -> Change:
    if slot is not None or not example_ids:
        change = recognizer.split(own, slot=slot, observation_ids=())
        read_by_slot(recognizer, own, change.targets[1:])
        return change
    stored = read_samples(recognizer, project, example_ids)
    change = split_by_examples(recognizer, own, stored, example_ids)
    recognizer.get(change.targets[-1]).label = label or None
    return change
