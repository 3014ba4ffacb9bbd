"""Template tags for pages of other apps, which may not import this one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from featurememory.models import Project
from featurememory.templatetags.figures import money
from optimizations.decision_log import log
from optimizations.models import Decision
from optimizations.policy_runtime.policy_cache import policies
from optimizations.summaries import headline
from optimizations.summaries.forest_plot import build_forest, find_by_pattern
from optimizations.summaries.kind_names import name_kind
from patterns.models import ModelInteraction, Pattern
from patterns.statistics.time_window import Window

register = template.Library()


@register.simple_tag
def project_sentence(project: Project, window: Window) -> headline.Sentence | None:
    """The answer of the overview for its range; None while nothing was ever proposed."""
    if not policies.for_deciding(project.pk).engine.optimizations:
        return None
    span = window.start * 3600.0, window.end * 3600.0
    return headline.summarize_project(project, span, window.words)


@register.inclusion_tag("optimizations/_of_pattern.html")
def pattern_optimizations(pattern: Pattern) -> dict[str, Any]:
    """The optimizations that concern a pattern, with their effect on one axis."""
    project = Project(pk=pattern.project_id)
    lines, _ = build_forest(project, find_by_pattern(project, pattern))
    return {"rows": lines, "answer": headline.summarize_pattern(project, pattern)}


WORDS = {
    "": ("watched", "blue"),
    "treatment": ("applied", "ok"),
    "explore": ("applied", "ok"),
    "holdout": ("held out", "plain"),
}


@register.simple_tag
def decisions_of(rows: Iterable[Any]) -> dict[str, Decision]:
    """The decisions of interactions, by decision id; one query for all rows of a page."""
    found = [row["row"] if isinstance(row, dict) else row for row in rows]
    ids = {row.decision_id for row in found if row.decision_id}
    return log.find_decisions(found[0].project_id, ids) if ids else {}


@register.simple_tag
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


@register.simple_tag
def decisions_of_one(row: ModelInteraction) -> dict[str, Decision]:
    return decisions_of([row])


register.filter("kind_words", name_kind)


@register.filter
def rate(price: float | None) -> str:
    """A price with all of its digits: $2.00, $0.025."""
    if price is None or round(price, 2) == price:
        return str(money(price))
    return f"${price:.10g}"
