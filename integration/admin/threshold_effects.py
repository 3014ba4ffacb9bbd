"""What thresholds mean for a project now: counts, a small histogram, and a change before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, FloatField, Q
from django.db.models.functions import Cast, Floor
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from featurememory.config import find_changes
from featurememory.models import FeatureMemoryConfig
from featurememory.templatetags import figures
from integration.admin.human_units import format_days, format_size, format_span
from optimizations.models import Optimization
from patterns.models import Pattern
from patterns.retention.disk_usage import measure_bytes_used
from patterns.retention.forecast import read_counted_rules

BINS = 20
SIZES, SPANS = ("max_size", "bytes_per_minute"), ("cleanup_interval",)
DAYS = ("retention_period", "max_age", "keep_figures", "keep_days", "keep_texts")


def describe_effects(config: FeatureMemoryConfig, when: str = "Now") -> dict[str, str]:
    """What the values mean for this project, by field; `when` they are in force: now, or then."""
    rows = Pattern.objects.stored().filter(project_id=config.project_id)
    shares = count_bins(rows, "confidence")
    tried = Optimization.objects.filter(project_id=config.project_id)
    used = figures.size(measure_bytes_used())
    return {
        "confidence_threshold": describe_share(
            rows, "confidence", config.confidence_threshold, shares, "patterns pass", when
        ),
        "effectiveness_threshold": describe_share(
            tried,
            "effectiveness",
            config.effectiveness_threshold,
            count_bins(tried, "effectiveness"),
            "optimizations are above it",
            when,
        ),
        "max_patterns": f"Now {sum(shares):,} are stored.",
        "max_size": f"Now {used} are in use. {describe_next_cleanup(config)}",
    }


def describe_share(
    rows: Any, column: str, now: float, bins: Sequence[int], words: str, when: str
) -> SafeString:
    """How many are on the right side of it, how many would be at a stricter one, and a histogram."""
    higher = min(1.0, now + 0.05)
    counted = rows.aggregate(
        passing=Count("pk", filter=Q(**{f"{column}__gte": now})),
        fewer=Count("pk", filter=Q(**{f"{column}__gte": higher})),
    )
    text = (
        f"{when} {counted['passing']:,} of {sum(bins):,} {words}; "
        f"at {higher:.2f} it would be {counted['fewer']:,}."
    )
    return format_html("{}{}", text, draw_histogram(bins, now))


def count_bins(rows: Any, column: str) -> list[int]:
    """How many rows fall into each twentieth of 0 to 1; in the database."""
    place = Floor(Cast(column, FloatField()) * BINS)
    found = [0] * BINS
    for at, n in rows.order_by().annotate(bin=place).values_list("bin").annotate(n=Count("pk")):
        if at is not None:
            found[min(BINS - 1, max(0, int(at)))] += n
    return found


def draw_histogram(bins: Sequence[int], mark: float) -> SafeString:
    """Bars from 0 to 1, those at and above the mark filled; nothing while there is nothing."""
    if not any(bins):
        return SafeString("")
    most = max(bins)
    bars = "".join(
        f'<rect class="{"v" if (i + 1) / BINS > mark else "t"}" x="{i * 5 + 0.5}" '
        f'y="{30 - 28 * n / most:.1f}" width="4" height="{28 * n / most:.1f}"/>'
        for i, n in enumerate(bins)
        if n
    )
    line = f'<path class="m" d="M{100 * mark:.1f} 0v30"/>'
    return mark_safe(
        '<svg class="histogram" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" '
        f'aria-label="Spread from 0 to 1, with the threshold at {mark:.2f}">{bars}{line}</svg>'
    )


def describe_next_cleanup(config: FeatureMemoryConfig) -> str:
    """The last counted cleanup, as System health shows it."""
    rules = read_counted_rules(config.project)
    if rules is None:
        return "System health shows what the next cleanup removes."
    taken = [
        f"{rule.name.lower()} {rule.rows:,} (about {figures.size(rule.bytes)})" for rule in rules
    ]
    return f"The next cleanup removes: {', '.join(taken) or 'nothing'}."


def write_threshold(name: str, value: Any) -> str:
    """A value as the form shows it."""
    if name in SIZES and isinstance(value, int):
        return format_size(value)
    if name in SPANS and isinstance(value, int):
        return format_span(value)
    if name in DAYS and isinstance(value, int):
        return format_days(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(one["name"] for one in value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value) or "empty"


def describe_changes(changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, before, after) of each changed threshold, in words."""
    return [
        (name.replace("_", " "), write_threshold(name, old), write_threshold(name, new))
        for name, (old, new) in changes.items()
    ]


def preview_change(config: FeatureMemoryConfig) -> list[tuple[str, str, str, str]]:
    """(name, before, after, what that means) for an unsaved configuration."""
    before = FeatureMemoryConfig.objects.get(pk=config.pk)
    changes = find_changes(before, config)
    effects = describe_effects(config, "Then") if changes else {}
    found = []
    for (name, old, new), field in zip(describe_changes(changes), changes, strict=True):
        found.append((name, old, new, effects.get(field, "")))
    return found
