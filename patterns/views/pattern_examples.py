"""Example interactions of a pattern by outcome: those that went wrong first."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from featurememory.models import Project
from patterns.models import ModelInteraction
from patterns.views.interactions import annotate_payload, build_previews

LOOKED_AT, SHOWN = 300, 8  # the newest, and of each outcome
OUTCOMES = {"failed": "Failed", "poor": "Badly scored", "good": "Succeeded", "open": "Not judged"}


def list_examples(project: Project, ids: list[UUID]) -> dict[str, Any]:
    """Of the newest ones up to SHOWN of each outcome: failed, then the worst judged, then the newest.
    `rows`, each with its `outcome`, and as `tabs` the outcomes among them with how many there are."""
    rows = ModelInteraction.objects.filter(project=project, pattern_id__in=ids)
    newest = rows.order_by("-number").values_list("number", "success", "score")[:LOOKED_AT]
    ranked = sorted(newest, key=lambda row: (rank_outcome(row[1], row[2]), -row[0]))
    outcomes = {number: name_outcome(success, score) for number, success, score in ranked}
    counts, chosen = Counter[str](), list[int]()
    for number, outcome in outcomes.items():
        counts[outcome] += 1
        if counts[outcome] <= SHOWN:
            chosen.append(number)
    found = {row.number: row for row in annotate_payload(rows.filter(number__in=chosen))}
    previews = build_previews([found[number] for number in chosen if number in found])
    made = [{**one, "outcome": outcomes[one["row"].number]} for one in previews]
    tabs = [(name, title, counts[name]) for name, title in OUTCOMES.items() if counts[name]]
    return {"rows": made, "tabs": tabs if len(tabs) > 1 else [], "looked_at": sum(counts.values())}


def rank_outcome(success: bool | None, score: float | None) -> tuple[int, float]:
    """Failed before badly scored before all others."""
    if success is False:
        return 0, score or 0.0
    if score is not None and score < 0.5:
        return 1, score
    return 2, 0.0


def name_outcome(success: bool | None, score: float | None) -> str:
    if success is False:
        return "failed"
    if score is not None and score < 0.5:
        return "poor"
    return "open" if success is None and score is None else "good"
