"""Moves stored interactions to other patterns, with use counts and rollups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from featurememory.models import Project
from patterns.list_figures import refresh_figures
from patterns.models import Learner, ModelInteraction, Pattern
from patterns.statistics import recount, rollups
from patterns.storage.database import DatabasePatternStorage


def move_interactions(project: Project, wanted: Mapping[str, str]) -> int:
    """Move recognised interactions (id to pattern id) with use counts and rollups, except those that a
    redirect leads there anyway. Returns how many moved."""
    Learner.objects.lock(project.pk)  # late feedback waits, and finds the rows where they are then
    names, left = sorted(wanted, key=lambda name: (wanted[name], name)), []
    for start in range(0, len(names), 500):
        left += _move_part(project, {name: wanted[name] for name in names[start : start + 500]})
    recount.rebuild_sketches(project.pk, left)
    refresh_figures(project.pk, {*wanted.values(), *(one.pattern_id for one in left)})
    return len(left)


def _move_part(project: Project, wanted: Mapping[str, str]) -> list[rollups.CountedOutcome]:
    """Move up to 500 interactions; returns their outcomes as counted for the former patterns."""
    found = list(ModelInteraction.objects.filter(project=project, id__in=list(wanted), state=1))
    owners = find_owners(project, {str(row.pattern_id) for row in found})
    rows = [row for row in found if owners[str(row.pattern_id)] != wanted[row.id]]
    before = [rollups.outcome_of(row) for row in rows]
    targets = [wanted[row.id] for row in rows]
    after = [replace(one, pattern_id=to) for one, to in zip(before, targets, strict=True)]
    rollups.subtract_outcomes(project.pk, before)
    rollups.add_outcomes(project.pk, after, totals=False)
    uses = Counter(targets)
    uses.subtract(Counter(owners[one.pattern_id] for one in before))
    for target in uses.keys() & set(targets):
        numbers = [row.pk for row in rows if wanted[row.id] == target]
        ModelInteraction.objects.filter(pk__in=numbers).update(pattern_id=UUID(target))
    DatabasePatternStorage(project).add_uses({name: n for name, n in uses.items() if n})
    return before


def find_owners(project: Project, names: set[str]) -> dict[str, str]:
    """The pattern that holds the uses of each of these: itself, or the one it was merged into."""
    merged = Pattern.objects.filter(project=project, pk__in=names, redirect_to__isnull=False)
    found = {str(pk): str(to) for pk, to in merged.values_list("pk", "redirect_to")}
    return {name: found.get(name, name) for name in names}
