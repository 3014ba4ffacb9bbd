"""Example interactions of a pattern: those that went wrong first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from featurememory.models import Project
from patterns.models import ModelInteraction
from patterns.views.interactions import annotate_payload, build_previews

LOOKED_AT, SHOWN = 300, 8


def list_examples(project: Project, ids: list[UUID]) -> list[dict[str, Any]]:
    """Of the newest ones: failed, then the worst judged, then the newest."""
    rows = ModelInteraction.objects.filter(project=project, pattern_id__in=ids)
    newest = rows.order_by("-number").values_list("number", "success", "score")[:LOOKED_AT]
    ranked = sorted(newest, key=lambda row: (rank_outcome(row[1], row[2]), -row[0]))
    chosen = [number for number, *_ in ranked[:SHOWN]]
    found = {row.number: row for row in annotate_payload(rows.filter(number__in=chosen))}
    return build_previews([found[number] for number in chosen if number in found])


def rank_outcome(success: bool | None, score: float | None) -> tuple[int, float]:
    """Failed before badly scored before all others."""
    if success is False:
        return 0, score or 0.0
    if score is not None and score < 0.5:
        return 1, score
    return 2, 0.0
