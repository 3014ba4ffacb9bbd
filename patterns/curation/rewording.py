"""Make a word of a template a slot, keep one as it is, or name a slot: with a preview, and undone as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from featurememory.database.write_lock import write_turn
from featurememory.errors import invalid, not_found
from featurememory.models import Project
from patterns.criteria import parse_id
from patterns.curation.history import record_operation, select_stored
from patterns.curation.learner_turn import change_recognizer, learning_turn, save_recognizer
from patterns.curation.merging import apply_merge, find_redirects
from patterns.engine.domain.results import Change
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.rewording.reword import Outlook
from patterns.engine.rewording.wish import Rewording
from patterns.models import Operation, Pattern, PatternEvent
from patterns.recognition.recognizer_cache import recognizers


@dataclass(frozen=True)
class Foresight:
    """What a rewording would do: the slot's name, the patterns that join with all their uses, and the
    share of the known texts of the pattern that would leave it (0 to 1)."""

    name: str
    joining: list[Pattern]
    interactions: int
    leaving: float


def foresee_rewording(project: Project, pattern_id: str, wish: Rewording) -> Foresight:
    """Changes nothing. 404, or 422 with the reason why it cannot be done."""
    loaded = recognizers.for_reading(project.pk)
    with loaded.lock:
        outlook = ask(lambda: loaded.recognizer.foresee(pattern_id, wish))
    joining = list(select_stored(project).filter(pk__in=outlook.joins).order_by("-use_count"))
    leaving = measure_leaving(outlook)
    uses = sum(row.use_count for row in joining)
    return Foresight(outlook.rule.name, joining, uses, leaving)


def ask(question: Callable[[], Outlook]) -> Outlook:
    try:
        return question()
    except ValueError as error:
        raise invalid(str(error), "/word") from error


def measure_leaving(outlook: Outlook) -> float:
    if outlook.rule.kind != "fixed" or not outlook.known:
        return 0.0
    return outlook.concerned / outlook.known


def reword_pattern(
    project: Project, pattern_id: str, actor: str, wish: Rewording
) -> tuple[Operation, list[str]]:
    """Change what a word of the template is. Returns the operation and the ids of what came of it.

    404 for an unknown pattern, 422 when it cannot be done, 503 while the project is being learned.
    """
    with learning_turn(project), write_turn():
        row = select_stored(project).filter(pk=parse_id(pattern_id)).first()
        if row is None:
            raise not_found("pattern")
        own = str(row.pk)
        try:
            change, decided = change_recognizer(project, lambda one: one.reword(own, wish))
        except ValueError as error:
            raise invalid(str(error), "/word") from error
        undo_with = join_sources(project, own, change) | {"decisions": decided}
        told = describe_rewording(project, own, wish)
        operation = record_operation(
            project,
            "reword",
            actor,
            change.sources,
            f"{told} in {row}"[:300],
            before=undo_with,
            details={"text": told},
            pattern=row,
        )
        record_template(project, row, actor)
        save_recognizer(project)
    return operation, list(change.targets)


def join_sources(project: Project, own: str, change: Change) -> dict[str, object]:
    """The patterns that joined redirect to this one; what Undo needs of them and of the new parts."""
    rows = {str(row.pk): row for row in select_stored(project).filter(pk__in=change.sources)}
    uses = {name: row.use_count for name, row in rows.items() if name != own}
    redirects = find_redirects(project, uses)
    apply_merge(project, uses, own)
    return {
        "status": {name: row.status for name, row in rows.items()},
        "into": own,
        "uses": uses,
        "redirects": redirects,
        "parts": [name for name in change.targets if name != own],
    }


def describe_rewording(project: Project, own: str, wish: Rewording) -> str:
    if wish.make == "fixed":
        where = f" of the slot {wish.slot}" if wish.slot else ""
        return f"Kept “{wish.word}”{where} as it is"
    if wish.make == "name":
        return f"Called the slot {wish.slot} {wish.name}"
    rules = find_recognizer(project).get(own).words
    return f"Made “{wish.word}” the slot {rules[-1].name}"


def find_recognizer(project: Project) -> DefaultPatternRecognizer:
    return recognizers.for_learning(project.pk).recognizer


def record_template(project: Project, row: Pattern, actor: str) -> None:
    """The new reading goes to the history of the template."""
    after = find_recognizer(project).get(str(row.pk)).template_text
    if after != row.template:
        PatternEvent.objects.create(
            project=project,
            pattern_id=row.pk,
            kind="template",
            actor=actor,
            template=after[:4000],
            details={"before": row.template[:4000]},
        )
