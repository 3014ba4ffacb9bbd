"""What happened, as marks on the time axis: changes switched on, rolled back, thresholds changed."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import CharField, F, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce

from featurememory.models import ConfigVersion, Project
from optimizations.models import Optimization, OptimizationEvent
from patterns.charts.plotly_parts import Mark
from patterns.statistics.time_window import Window, hour_of, time_of

MOST = 4
APART = 0.13  # of the axis between two marks: their labels are that long
EDGE = 0.15
CHARACTER = 0.0115  # of the axis, on a wide screen
THRESHOLD = "threshold"


def list_marks(project: Project, window: Window) -> list[Mark]:
    """The most telling ones, oldest first: rollbacks, then changes switched on, then thresholds."""
    chosen: list[tuple[int, int, str]] = []
    for rank, place, text in sorted(find_marks(project, window)):
        if len(chosen) < MOST and all(
            abs(place - other) >= APART * window.count for _, other, _ in chosen
        ):
            chosen.append((rank, place, text))
    labels = window.labels()
    ordered = sorted(chosen, key=lambda one: one[1])
    made: list[Mark] = []
    for _, place, text in ordered:
        share = place / window.count
        raised = bool(made) and touches(
            made[-1], ordered[len(made) - 1][1] / window.count, share, text
        )
        made.append(Mark(labels[place], text, choose_anchor(share), raised))
    return made


def touches(before: Mark, there: float, here: float, text: str) -> bool:
    """Whether a label would reach into the one before it, which stands in the lower row."""
    _, end = reach(before.anchor, there, before.text)
    begin, _ = reach(choose_anchor(here), here, text)
    return not before.raised and begin < end


def reach(anchor: str, share: float, text: str) -> tuple[float, float]:
    """Where a label begins and ends, as shares of the axis."""
    width = CHARACTER * (len(text) + 2)
    left = {"left": 0.0, "center": 0.5, "right": 1.0}[anchor]
    return share - left * width, share + (1 - left) * width


def choose_anchor(share: float) -> str:
    return "left" if share < EDGE else "right" if share > 1 - EDGE else "center"


def find_marks(project: Project, window: Window) -> list[tuple[int, int, str]]:
    """Rank, place and words of everything that may be marked, newest first; one query."""
    found = []
    for at, step, what in read_happenings(project, window):
        place = window.bucket(hour_of(at))
        if place is not None:
            rank, words = describe_happening(step, what)
            found.append((rank, place, words))
    return found


def read_happenings(project: Project, window: Window) -> Any:
    """(when, step, what): the task type of an optimization, or the changed thresholds as JSON."""
    since = time_of(window.start)
    tasks = Optimization.objects.filter(project=project, id=OuterRef("optimization_id"))
    steps = OptimizationEvent.objects.filter(
        project=project, at__gte=since, after__in=("active", "suspended")
    ).exclude(before=F("after"))
    task = Coalesce(Subquery(tasks.values("task_type")[:1]), Value(""), output_field=TextField())
    versions = ConfigVersion.objects.filter(project=project, at__gte=since).order_by()
    changed = Cast("changes", TextField())
    kind = Value(THRESHOLD, output_field=CharField())
    return (
        steps.values_list("at", "after", task)
        .union(versions.values_list("at", kind, changed), all=True)
        .order_by("-at")[:60]
    )


def describe_happening(step: str, what: str) -> tuple[int, str]:
    if step == THRESHOLD:
        names = [name.replace("_", " ") for name in json.loads(what)]
        more = f" + {len(names) - 1}" if len(names) > 1 else ""
        return 2, f"{names[0] if names else 'threshold'}{more} changed"
    if step == "suspended":
        return 0, f"{what or 'change'} rolled back"[:34]
    return 1, f"{what or 'change'} on"[:34]
