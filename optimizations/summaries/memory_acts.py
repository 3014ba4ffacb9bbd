"""What the memory did in a call: a word for lists, a sentence for pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from optimizations.decision_log import log
from optimizations.models import Decision
from patterns.models import ModelInteraction

WORDS = {
    "": ("watched", "blue"),
    "treatment": ("applied", "ok"),
    "explore": ("applied", "ok"),
    "holdout": ("held out", "plain"),
}


def decisions_of(rows: Iterable[Any]) -> dict[str, Decision]:
    """The decisions of interactions, by decision id; one query for all rows of a page."""
    found = [row["row"] if isinstance(row, dict) else row for row in rows]
    ids = {row.decision_id for row in found if row.decision_id}
    return log.find_decisions(found[0].project_id, ids) if ids else {}


def what_memory_did(row: ModelInteraction, made: dict[str, Decision]) -> dict[str, Any]:
    """In a word and a sentence: watched, applied, held out, cached."""
    decision = made.get(row.decision_id or "")
    if decision is None:
        text = "Memory only watched: it changed nothing in this call."
        return {"word": "watched", "tone": "blue", "text": text, "decision": None}
    word, tone = WORDS.get(decision.arm, ("watched", "blue"))
    text = {
        "watched": "Memory was asked and changed nothing.",
        "applied": "Memory changed this call.",
        "held out": "Memory left this call alone on purpose, so that the effect stays known.",
    }[word]
    return {"word": word, "tone": tone, "text": text, "decision": decision}
