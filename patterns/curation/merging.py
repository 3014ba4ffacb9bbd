"""Merge patterns and undo a merge."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.errors import invalid, not_found
from featurememory.models import Project
from patterns.criteria import parse_id
from patterns.curation.history import (
    format_pattern_count,
    record_operation,
    select_stored,
)
from patterns.curation.learner_turn import change_recognizer, learning_turn, save_recognizer
from patterns.curation.moving import find_owners
from patterns.list_figures import refresh_figures
from patterns.models import Operation, Pattern


def merge_patterns(
    project: Project, ids: Sequence[str], actor: str, into: str | None = None
) -> tuple[Operation, list[str]]:
    """Merge patterns into one of them, the most used unless `into` names it; the others redirect.

    Returns the operation and the id of the remaining pattern. 422 for fewer than two ids, another
    `into`, or patterns that cannot be merged, 404 for an unknown one.
    """
    unique = sorted({str(parse_id(name)) for name in ids})
    if len(unique) < 2:
        raise invalid("name at least two different patterns", "/ids")
    survivor = choose_survivor(unique, into)
    with learning_turn(project), write_turn():
        rows = {str(row.pk): row for row in select_stored(project).filter(pk__in=unique)}
        if len(rows) < len(unique):
            raise not_found("pattern")
        try:
            change, decided = change_recognizer(project, lambda one: one.merge(unique, survivor))
        except ValueError as error:
            raise invalid(str(error), "/ids") from error
        target = change.targets[0]
        uses = {name: rows[name].use_count for name in unique if name != target}
        redirects = find_redirects(project, uses)
        apply_merge(project, uses, target)
        statuses = {name: row.status for name, row in rows.items()}
        undo_with = {
            "status": statuses,
            "into": target,
            "uses": uses,
            "redirects": redirects,
            "decisions": decided,
        }
        summary, details = f"Merged {format_pattern_count(len(unique))}", {"into": target}
        operation = record_operation(
            project, "merge", actor, unique, summary, before=undo_with, details=details
        )
        save_recognizer(project)
    return operation, [target]


def choose_survivor(ids: Sequence[str], into: str | None) -> str | None:
    """The id to merge into; 422 when it is not among the merged ones. None: the most used."""
    if not into:
        return None
    try:
        survivor = str(UUID(into))
    except ValueError:
        survivor = ""
    if survivor not in ids:
        raise invalid("must be among ids", "/into")
    return survivor


def find_redirects(project: Project, targets: Collection[str]) -> dict[str, str]:
    """What was merged into one of these patterns before, and into which."""
    rows = Pattern.objects.filter(project=project, redirect_to__in=targets)
    return {str(pk): str(to) for pk, to in rows.values_list("pk", "redirect_to")}


def apply_merge(project: Project, uses: Mapping[str, int], target: str) -> None:
    """Turn the sources (id to use count) into redirects and add their uses to the target.

    Interactions and rollups keep their pattern ids: readers follow the redirects (`family_of`), so
    that a merge, and its undo, cost the same for ten uses and for a million.
    """
    rows, sources = Pattern.objects.filter(project=project), list(uses)
    rows.filter(redirect_to__in=sources).update(redirect_to=UUID(target))
    rows.filter(pk=target).update(use_count=F("use_count") + sum(uses.values()))
    rows.filter(pk__in=sources).update(
        status=Pattern.PatternStatus.ARCHIVED,
        redirect_to=UUID(target),
        archived_at=timezone.now(),
        archived_why="merged",
        use_count=0,
    )
    refresh_figures(project.pk, [target])


def undo_merge(project: Project, operation: Operation) -> None:
    """Return the uses to the sources, from the pattern that holds them now: the target may have been
    merged since. What had been merged into a source before leads to it again."""
    uses = operation.before.get("uses", {})
    rows = Pattern.objects.filter(project=project)
    if not uses:
        return
    into, total = operation.before["into"], sum(uses.values())
    holder = find_owners(project, {into})[into]
    for name, count in uses.items():
        rows.filter(pk=name).update(redirect_to=None, use_count=F("use_count") + count)
    rows.filter(pk=holder).update(use_count=F("use_count") - total)
    for earlier, source in operation.before.get("redirects", {}).items():
        rows.filter(pk=earlier, redirect_to=holder).update(redirect_to=UUID(source))
    lower_later_merges(project, into, total)
    refresh_figures(project.pk, [holder, *uses])


def lower_later_merges(project: Project, into: str, total: int) -> None:
    """What a source of later merges has given up is not returned to it by their undo."""
    merges = Operation.objects.filter(project=project, kind__in=("merge", "reword"), undone_at=None)
    while later := merges.filter(before__uses__has_key=into).order_by("at").first():
        later.before["uses"][into] -= total
        later.save(update_fields=["before"])
        merges, into = merges.exclude(pk=later.pk), later.before["into"]
