"""One pattern: template, facts, use over time, slots, features, models, history, examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from featurememory.config import config_of
from featurememory.models import Project
from featurememory.page_access import current_project, may_change, page, render_page
from featurememory.templatetags import figures
from patterns.charts import model_calls, pattern_use
from patterns.charts.chart import Chart
from patterns.curation import example_split
from patterns.models import Pattern
from patterns.recognition.related import find_related
from patterns.statistics import series
from patterns.statistics.series import Hours
from patterns.statistics.time_window import RANGES, Window
from patterns.storage.slot_values import read_values
from patterns.views.chart_data import make_chart_views
from patterns.views.pattern_examples import list_examples
from patterns.views.pattern_history import PatternHistory, list_events
from patterns.views.pattern_words import offers_words
from patterns.views.word_links import draw_word_links

RELATED_SHOWN = 5
FREQUENT = 0.05  # share of uses that a frequent value surely has, where not all are counted
WRITTEN = {"memory_usage": figures.size, "duration": figures.duration}


def find_pattern(project: Project, pattern_id: UUID) -> tuple[Pattern, list[UUID]]:
    """The pattern, and the ids whose interactions count for it: its own and merged ones. 404."""
    # The project is checked here: with it in the query SQLite reads all patterns of the project.
    family = Pattern.objects.filter(Q(pk=pattern_id) | Q(redirect_to=pattern_id)).defer("state")
    rows = {row.pk: row for row in family if row.project_id == project.pk}
    if pattern_id not in rows:
        raise Http404(str(pattern_id))
    return rows[pattern_id], list(rows)


@page
def show_pattern(request: HttpRequest, pattern_id: UUID) -> HttpResponseBase:
    project = current_project(request)
    row, family = find_pattern(project, pattern_id)
    if row.redirect_to:
        return redirect("pattern", pattern_id=row.redirect_to)
    rows, window = read_use(request, project, family)
    found, models = series.fill_series(window, rows), series.sum_by_model(rows)
    sums = series.add_sums(models.values())
    history = PatternHistory(project, row.pk)
    context = {
        "pattern": row,
        "sums": sums,
        "window": window,
        "ranges": list(RANGES),
        "chart": pattern_use.build_pattern_use_chart(found),
        "chart_url": f"/patterns/{row.pk}/chart/",
        "query": f"range={window.name}",
        "threshold": config_of(project.pk).confidence_threshold,
        "slots": list_slots(row),
        "features": list_features(row),
        "models": models,
        "model_chart": model_calls.build_model_calls_chart(window, rows),
        "model_chart_url": f"/patterns/{row.pk}/models/",
        "events": list_events(history.events),
        "notes": history.notes,
        "templates": history.templates,
        "examples": list_examples(project, family),
        "all_uses": row.use_count,
        "offers_split": may_change(request) and offers_split(row),
        **offer_words(request, project, row),
    }
    return render(request, "patterns/detail.html", context)


def offer_words(request: HttpRequest, project: Project, row: Pattern) -> dict[str, Any]:
    """To those who may change it, and when they asked, the template with every word a link."""
    offered = may_change(request) and offers_words(project, row)
    asked = offered and request.GET.get("words") == "1"
    return {"offers_words": offered, "word_links": draw_word_links(row) if asked else ""}


def offers_split(row: Pattern) -> bool:
    """Whether examples can be told apart by their words, and the pattern is in use."""
    return row.kind in example_split.TEXTS and row.status != Pattern.PatternStatus.ARCHIVED


def read_use(request: HttpRequest, project: Project, ids: list[UUID]) -> tuple[Hours, Window]:
    """The pattern's rollups, and the range of the query string or the shortest that holds all data."""
    now, name = timezone.now(), request.GET.get("range")
    longest = Window.ending(now, name if name in RANGES else "30d")
    rows = series.read_rollups(project.pk, longest.start, longest.end, ids)
    chosen = name if name in RANGES else series.choose_range(rows, now)
    return rows, Window.ending(now, chosen)


def list_slots(row: Pattern) -> list[dict[str, Any]]:
    """Slots with their most frequent values; the rest is "other"."""
    return [
        {**slot, "number": number, **describe_values(slot)}
        for number, slot in enumerate(row.slots, 1)
    ]


def describe_values(slot: Mapping[str, Any]) -> dict[str, Any]:
    """Frequent values with the shares that are certain, the greatest share of all others, and some of
    those as examples."""
    known = read_values(slot)
    counted = all(one.share == one.at_most for one in known)
    frequent = [one for one in known if counted or one.share >= FREQUENT]
    rest = 1 - sum(one.share for one in frequent)
    return {
        "top": frequent,
        "rest": rest if frequent and rest > 0.0005 else None,
        "rare": [one.value for one in known if one not in frequent],
        "counted": counted,
    }


def list_features(row: Pattern) -> list[dict[str, Any]]:
    """The features with the highest confidence first, at most 14."""
    best = sorted(row.features, key=lambda feature: -feature.get("confidence", 0))[:14]
    return [{**feature, "value": write_feature(feature)} for feature in best]


def write_feature(feature: Mapping[str, Any]) -> Any:
    """What is measured gets its unit."""
    value, write = feature.get("value"), WRITTEN.get(feature.get("name", ""))
    return write(value) if write and isinstance(value, int | float) else value


@page
def show_related(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    """Related patterns. Requested after the page, because it may load the recogniser."""
    row, _ = find_pattern(current_project(request), pattern_id)
    context = {"pattern": row, "related": find_related(row, RELATED_SHOWN)}
    return render_page(request, "patterns/related.html", "patterns/_related.html", context)


def build_use_chart(request: HttpRequest, pattern_id: UUID) -> Chart:
    project = current_project(request)
    _, family = find_pattern(project, pattern_id)
    rows, window = read_use(request, project, family)
    return pattern_use.build_pattern_use_chart(series.fill_series(window, rows))


show_chart_table, download_chart = make_chart_views(build_use_chart)


def build_models_chart(request: HttpRequest, pattern_id: UUID) -> Chart:
    project = current_project(request)
    _, family = find_pattern(project, pattern_id)
    rows, window = read_use(request, project, family)
    return model_calls.build_model_calls_chart(window, rows)


show_models_table, download_models = make_chart_views(build_models_chart)
