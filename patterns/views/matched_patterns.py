"""The patterns of the interactions on a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from featurememory.models import Project
from patterns.models import ModelInteraction, Pattern


def find_matched_patterns(project: Project, rows: Sequence[ModelInteraction]) -> dict[Any, Pattern]:
    """The pattern of each pattern id in the rows, redirects of merges followed."""
    ids = {row.pattern_id for row in rows if row.pattern_id}
    found = read_named_patterns(ids)
    moved = {pk: row.redirect_to for pk, row in found.items() if row.redirect_to}
    if moved:  # few pages show a pattern that was merged
        found |= read_named_patterns(set(moved.values()) - found.keys())
    live = {pk: row for pk, row in found.items() if row.project_id == project.pk}
    return {name: live[moved.get(name, name)] for name in ids if moved.get(name, name) in live}


def read_named_patterns(ids: Collection[UUID]) -> dict[UUID, Pattern]:
    """By id alone: with the project in the query SQLite reads all patterns of the project."""
    fields = (
        "pk",
        "project_id",
        "label",
        "template",
        "parts",
        "task_type",
        "status",
        "redirect_to",
    )
    return {row.pk: row for row in Pattern.objects.filter(pk__in=ids).only(*fields)}
