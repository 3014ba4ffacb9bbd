"""The pages about optimizations: the list by state, and one in detail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from featurememory.config import config_of
from featurememory.models import Project
from featurememory.page_access import current_project, page, render_page
from optimizations import what_if as optimizations_what_if
from optimizations.decision_log import log
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.kinds import KINDS
from optimizations.models import EvidencePoint, Optimization, OptimizationEvent
from optimizations.serializers import serialize_arm
from optimizations.summaries import evidence_charts
from optimizations.summaries.experiment_health import build_experiment
from optimizations.summaries.forest_plot import build_forest, decode_or_blank
from optimizations.summaries.guard_texts import describe_guards
from patterns.charts.chart import Chart
from patterns.models import Pattern
from patterns.views.chart_data import render_chart_table, stream_chart_csv

POINTS, EVENTS = 300, 30


def find_optimization(request: HttpRequest, optimization_id: str) -> Optimization:
    rows = Optimization.objects.filter(project=current_project(request))
    row = rows.filter(id=optimization_id[:64].replace("\x00", "")).first()
    if row is None:
        raise Http404(optimization_id)
    return row


@page
def optimization(request: HttpRequest, optimization_id: str) -> HttpResponse:
    row = find_optimization(request, optimization_id)
    project = current_project(request)
    (line,), _ = build_forest(project, [row])
    state = line.state
    events = list(event_rows(row).order_by("-pk")[:30])
    context = {
        "line": line,
        "row": row,
        "state": state,
        "arms": [
            ("Treated", serialize_arm(state.treated)),
            ("Held out", serialize_arm(state.control)),
        ],
        "patterns": load_patterns(project, state),
        "events": events,
        "ended": find_end(row, events),
        "decisions": log.find_by_optimization(project.pk, row.id, 10),
        "chart": evidence_chart(row),
        "chart_url": f"/optimizations/{row.id}/chart/",
        "chart_csv": f"/optimizations/{row.id}/chart.csv",
        "guards": describe_guards(state.guards),
        "experiment": build_experiment(row, state),
        "verbs": list_verbs(row),
        "trial_kind": row.type in KINDS,
        "threshold": config_of(project.pk).effectiveness_threshold,
    }
    return render(request, "optimizations/detail.html", context)


ENDED = ("suspended", "rejected", "retired")


def find_end(row: Optimization, events: Sequence[OptimizationEvent]) -> OptimizationEvent | None:
    """Why it no longer serves: the step that ended it, not what people decided afterwards."""
    if row.status not in ENDED:
        return None
    steps = (event for event in events if event.after in ENDED and event.before != event.after)
    return next(steps, None)


def load_patterns(project: Project, state: OptimizationState) -> list[Pattern]:
    ids = [UUID(name) for name in state.patterns[:8]]
    return list(Pattern.objects.filter(project=project, pk__in=ids).defer("state"))


def event_rows(row: Optimization) -> Any:
    return OptimizationEvent.objects.filter(project_id=row.project_id, optimization_id=row.id)


def evidence_chart(row: Optimization) -> Chart:
    points = EvidencePoint.objects.filter(project_id=row.project_id, optimization_id=row.id)
    newest = list(points.order_by("-pk")[:POINTS])[::-1]
    return evidence_charts.draw_effect(
        "evidence", newest, list(event_rows(row).order_by("-pk")[:EVENTS])
    )


@page
def chart(request: HttpRequest, optimization_id: str) -> HttpResponse:
    return render_chart_table(request, evidence_chart(find_optimization(request, optimization_id)))


@page
def chart_file(request: HttpRequest, optimization_id: str) -> HttpResponseBase:
    return stream_chart_csv(evidence_chart(find_optimization(request, optimization_id)))


# The page loads it unasked, so it reads fewer decisions than the API does.
READ = 2000


@page
def what_if(request: HttpRequest, optimization_id: str) -> HttpResponse:
    """What if it had been applied to every task it concerns: a sentence, or why there is none."""
    row = find_optimization(request, optimization_id)
    state = decode_or_blank(row)
    text = "It was evicted to stay within the limit; its evidence is gone."
    if row.type not in KINDS:
        text = "It needs no trial, so there is no alternative policy to compare."
    elif row.state:
        text = optimizations_what_if.describe_answer(
            optimizations_what_if.ask_for_optimization(row.project_id, state, READ)
        )
    context = {"row": row, "text": text}
    return render_page(
        request, "optimizations/what_if.html", "optimizations/_what_if.html", context
    )


PURGE = "purge"
CACHES = ("cache_response", "cache_similar")


def list_verbs(row: Optimization) -> list[str]:
    """What a person can do with it now; the last one is the strongest."""
    return [*([PURGE] if row.type in CACHES else []), *list_state_verbs(row)]


def list_state_verbs(row: Optimization) -> list[str]:
    if row.control:
        return ["unpin" if row.control == "pinned" else "unblock"]
    if row.status in ("retired", "rejected"):
        return ["pin", "block"]
    if row.status == "suspended":
        return ["resume", "pin", "block", "retire"]
    return ["pin", "suspend", "block", "retire"]
