"""One pattern: template, facts, use over time, slots, features, models, history, examples."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from featurememory.config import config_of
from featurememory.models import Project
from featurememory.pages import current_project, page
from patterns import charts, series
from patterns.charts import Chart
from patterns.models import ModelInteraction, Pattern, PatternEvent
from patterns.serializers import family_of, models_of
from patterns.series import Series, Window
from patterns.views.interactions import previews
from patterns.views.lists import SHOWN
from patterns.views.twins import chart_csv, chart_table

EXAMPLES = 8
RELATED_AMONG = 200


def find(project: Project, pattern_id: UUID) -> Pattern:
    found: Pattern | None = (
        Pattern.objects.filter(project=project, pk=pattern_id).defer("state").first()
    )
    if found is None:
        raise Http404(str(pattern_id))
    return found


@page
def pattern(request: HttpRequest, pattern_id: UUID) -> HttpResponseBase:
    project = current_project(request)
    row = find(project, pattern_id)
    if row.redirect_to:
        return redirect("pattern", pattern_id=row.redirect_to)
    owners = family_of([row.pk])
    found, window = use_of(request, project, list(owners))
    sums = series.figures_of(project.pk, owners)[row.pk]
    context = {
        "pattern": row,
        "sums": sums,
        "p50": sums.duration(0.5),
        "p95": sums.duration(0.95),
        "window": window,
        "ranges": list(series.RANGES),
        "chart": charts.pattern_use(found),
        "chart_url": f"/patterns/{row.pk}/chart/",
        "query": f"range={window.name}",
        "threshold": config_of(project.pk).confidence_threshold,
        "slots": slots_of(row),
        "features": features_of(row),
        "models": models_of([row])[row.pk],
        "events": list(
            PatternEvent.objects.filter(project=project, pattern_id=row.pk).order_by("-id")[:8]
        ),
        "examples": examples(project, list(owners)),
        "related": related(project, row),
        "all_uses": row.use_count,
    }
    return render(request, "patterns/detail.html", context)


def use_of(request: HttpRequest, project: Project, ids: list[UUID]) -> tuple[Series, Window]:
    """The pattern's rollups in the range of the query string, or in the shortest that holds all."""
    now, name = timezone.now(), request.GET.get("range")
    longest = Window.ending(now, name if name in series.RANGES else "30d")
    rows = series.read(project.pk, longest.start, longest.end, ids)
    window = Window.ending(now, name if name in series.RANGES else series.range_for(rows, now))
    return series.fill(window, rows), window


def slots_of(row: Pattern) -> list[dict[str, Any]]:
    """Slots with their most frequent values; the rest is "other"."""
    made = []
    for number, slot in enumerate(row.slots, 1):
        top = [(str(value), float(share)) for value, share in slot.get("top", [])][:5]
        rest = 1 - sum(share for _, share in top)
        if top and rest > 0.0005:
            top.append(("other", rest))
        made.append({**slot, "number": number, "top": top})
    return made


def features_of(row: Pattern) -> list[dict[str, Any]]:
    """Strongest first; a feature that merely repeats the resources' mean is a fact, not a sign."""
    return sorted(row.features, key=lambda feature: -feature.get("confidence", 0))[:14]


def examples(project: Project, ids: list[UUID]) -> list[dict[str, Any]]:
    rows = ModelInteraction.objects.filter(project=project, pattern_id__in=ids).order_by("-number")
    return previews(list(rows[:EXAMPLES]))


def related(project: Project, row: Pattern) -> list[tuple[Pattern, float]]:
    """Patterns that share static words with this one, among the most used: Jaccard, best five."""
    words = static_words(row)
    rows = Pattern.objects.stored().filter(project=project).exclude(pk=row.pk)
    scored = []
    for other in rows.only(*SHOWN).order_by("-use_count")[:RELATED_AMONG]:
        theirs = static_words(other)
        if words and theirs:
            scored.append((other, len(words & theirs) / len(words | theirs)))
    best = sorted(scored, key=lambda pair: -pair[1])[:5]
    return [pair for pair in best if pair[1] >= 0.2]


def static_words(row: Pattern) -> set[str]:
    return {word for text, slot in row.parts if not slot for word in text[:5000].lower().split()}


@page
def chart(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    return chart_table(request, use_chart(request, pattern_id))


@page
def chart_file(request: HttpRequest, pattern_id: UUID) -> HttpResponseBase:
    return chart_csv(use_chart(request, pattern_id))


def use_chart(request: HttpRequest, pattern_id: UUID) -> Chart:
    project = current_project(request)
    row = find(project, pattern_id)
    found, _ = use_of(request, project, list(family_of([row.pk])))
    return charts.pattern_use(found)
