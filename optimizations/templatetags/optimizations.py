"""Template tags for pages of other apps, which may not import this one."""

from __future__ import annotations

from typing import Any

from django import template

from featurememory.models import Project
from featurememory.templatetags.figures import compact, money
from optimizations.models import Decision
from optimizations.policy_runtime.policy_cache import policies
from optimizations.summaries import headline
from optimizations.summaries.forest_plot import (
    build_forest,
    find_by_pattern,
    has_calls_of_both_arms,
)
from optimizations.summaries.kind_names import (
    name_arm,
    name_kind,
    name_month,
    name_parameter,
    show_parameter,
)
from optimizations.summaries.memory_acts import decisions_of, what_memory_did
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


@register.simple_tag
def has_both_arms(pattern: Pattern) -> bool:
    """Whether any optimization of a pattern has treated and held-out calls that could be compared."""
    return has_calls_of_both_arms(Project(pk=pattern.project_id), pattern)


@register.simple_tag
def count_optimizations(pattern: Pattern) -> int:
    """How many optimizations concern a pattern."""
    return len(find_by_pattern(Project(pk=pattern.project_id), pattern))


register.simple_tag(decisions_of)
register.simple_tag(what_memory_did)


@register.simple_tag
def decisions_of_one(row: ModelInteraction) -> dict[str, Decision]:
    return decisions_of([row])


register.filter("kind_words", name_kind)
register.filter("parameter_words", name_parameter)
register.filter("parameter_value", show_parameter)
register.filter("arm_words", name_arm)
register.filter("month_words", name_month)


@register.filter
def evidence(value: float) -> str:
    """An e-value: beyond a million nobody tells two apart."""
    return "over 1 M" if value > 1e6 else compact(value)


@register.filter
def milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


@register.filter
def rate(price: float | None) -> str:
    """A price with all of its digits: $2.00, $0.025."""
    if price is None or round(price, 2) == price:
        return str(money(price))
    return f"${price:.10g}"
