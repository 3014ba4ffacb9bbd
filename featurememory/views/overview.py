"""Overview: is the memory paying off? One sentence, six figures, five charts, what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from featurememory.config import config_of
from featurememory.models import Activity, ConfigVersion, Project
from featurememory.pages import current_project, page, show
from featurememory.shell import live
from featurememory.templatetags import figures
from patterns import charts, gauges, series
from patterns.charts import Chart
from patterns.gauges import Gauge
from patterns.plots import Mark
from patterns.series import Series
from patterns.views.twins import chart_csv, chart_table
from patterns.window import RANGES, Window, hour_of, time_of

RECOGNITION_BUDGET_MS = 50


@dataclass(frozen=True)
class Figure:
    """One of the six: its value in words, how it moved, what it is measured by."""

    name: str
    value: str
    now: float | None
    before: float | None
    note: str
    trend: Sequence[float | None]
    kind: str = "share"
    better: str = "up"
    title: str = ""


class Overview:
    """Everything the page reads of one project and range, read once."""

    def __init__(self, project: Project, name: str | None, now: datetime) -> None:
        self.project, self.now = project, now
        longest = Window.ending(now, name if name in RANGES else "30d")
        self.rows = series.read(project.pk, longest.previous().start, longest.end)
        chosen = name if name in RANGES else series.range_for(self.rows, now)
        self.window = Window.ending(now, chosen)
        self.series = series.fill(self.window, self.rows)
        self.before = series.fill(self.window.previous(), self.rows)
        hours = gauges.read(project.pk, self.window.previous().start, self.window.end)
        self.gauges = gauges.fill(self.window, hours)
        self.gauge = gauges.together(self.gauges)
        self.gauge_before = gauges.together(gauges.fill(self.window.previous(), hours))

    def marks(self) -> list[Mark]:
        """Changed thresholds in the window, for the time axis; the last three."""
        found = ConfigVersion.objects.filter(
            project=self.project, at__gte=time_of(self.window.start)
        )
        labels = self.window.labels()
        marks = []
        for version in found[:3]:
            place = self.window.bucket(hour_of(version.at))
            names = [name.replace("_", " ") for name in version.changes]
            if place is not None:
                more = f" + {len(names) - 1}" if len(names) > 1 else ""
                marks.append(
                    Mark(labels[place], f"{names[0]}{more} changed" if names else "changed")
                )
        return marks

    def chart(self, name: str) -> Chart:
        """One chart by its name; KeyError when there is none of that name."""
        limit = config_of(self.project.pk).max_patterns
        made: dict[str, Callable[[], Chart]] = {
            "effectiveness": lambda: charts.effectiveness(self.series, self.marks()),
            "patterns": lambda: charts.stored_patterns(self.window, self.gauges, limit),
            "tokens": lambda: charts.tokens(self.series),
            "duration": lambda: charts.durations(self.series),
            "memory": lambda: charts.memory(self.window, self.gauges),
        }
        return made[name]()

    def figures(self, stored: int) -> list[Figure]:
        now, before, limit = self.series, self.before, config_of(self.project.pk).max_patterns
        interval = series.wilson(now.total.quality, now.total.quality_count)
        quality_note = "no score or success yet"
        if interval:
            quality_note = f"{figures.percent(interval[0])} to {figures.percent(interval[1])}, 95%"
        p95, p95_before = now.total.duration(0.95), before.total.duration(0.95)
        speed, speed_before = self.gauge.recognition(0.95), self.gauge_before.recognition(0.95)
        return [
            Figure(
                "Stored patterns",
                figures.number(stored),
                stored,
                first_stored(self.gauges),
                f"of {limit:,} allowed",
                [gauge.stored for gauge in self.gauges],
                kind="count",
                better="none",
            ),
            Figure(
                "Recognition rate",
                figures.percent(self.gauge.rate),
                self.gauge.rate,
                self.gauge_before.rate,
                "met a known pattern",
                [gauge.rate for gauge in self.gauges],
                kind="points",
                title="Interactions that met a pattern known before, by the time of their recognition",
            ),
            Figure(
                "Effectiveness",
                figures.percent(now.total.quality),
                now.total.quality,
                before.total.quality,
                quality_note,
                now.values("quality"),
                kind="points",
            ),
            Figure(
                "Tokens",
                figures.compact(now.total.tokens_sum) if now.total.tokens_count else figures.NONE,
                now.total.tokens_sum if now.total.tokens_count else None,
                before.total.tokens_sum if before.total.tokens_count else None,
                f"{figures.number(now.total.tokens)} a call" if now.total.tokens else "none told",
                [bucket.tokens_sum if bucket.tokens_count else None for bucket in now.buckets],
                better="none",
            ),
            Figure(
                "Duration p95",
                figures.duration(p95),
                p95,
                p95_before,
                "" if p95_before is None else f"was {figures.duration(p95_before)}",
                now.durations(0.95),
                better="down",
            ),
            Figure(
                "Recognition p95",
                figures.duration(speed),
                speed,
                speed_before,
                f"budget {RECOGNITION_BUDGET_MS} ms",
                [gauge.recognition(0.95) for gauge in self.gauges],
                kind="ms",
                better="down",
            ),
        ]


def first_stored(gauges: Sequence[Gauge]) -> int | None:
    return next((gauge.stored for gauge in gauges if gauge.stored is not None), None)


CHARTS = ("effectiveness", "patterns", "tokens", "duration", "memory")


@page
def overview(request: HttpRequest) -> HttpResponseBase:
    project = current_project(request)
    if not live(project).count:
        return redirect("start")
    found = Overview(project, request.GET.get("range"), timezone.now())
    activity = list(Activity.objects.filter(project=project)[:6])
    shell = shell_of(request)
    stored = shell.counts["all"]
    context = {
        "window": found.window,
        "ranges": list(RANGES),
        "total": found.series.total,
        "interval": interval_of(found.series),
        "gauge": found.gauge,
        "enough": found.series.total.quality_count >= charts.ENOUGH,
        "needed": charts.ENOUGH,
        "figures": found.figures(stored),
        "charts": {name: found.chart(name) for name in CHARTS},
        "activity": activity,
        "attention": attention(shell.counts, stored, shell.config.max_patterns),
        "query": f"range={found.window.name}",
    }
    return show(request, "overview.html", "overview.html", context)


def shell_of(request: HttpRequest) -> Any:
    from featurememory.shell import shell

    return shell(request)["shell"]


def interval_of(found: Series) -> tuple[float, float] | None:
    return series.wilson(found.total.quality, found.total.quality_count)


def attention(counts: dict[str, int], stored: int, limit: int) -> list[tuple[str, str]]:
    """What a person should look at, as (text, link)."""
    found = []
    if drifting := counts.get("drifting", 0):
        word = "pattern drifts" if drifting == 1 else "patterns drift"
        found.append(
            (f"{drifting:,} {word}: its interactions change", "/patterns/?status=drifting")
        )
    if stored >= 0.95 * limit:
        found.append(
            (
                f"{stored:,} of {limit:,} patterns: the least valuable go first",
                "/patterns/?sort=last_used",
            )
        )
    return found


@page
def table(request: HttpRequest, name: str) -> HttpResponse:
    return chart_table(request, chosen_chart(request, name))


@page
def download(request: HttpRequest, name: str) -> HttpResponseBase:
    return chart_csv(chosen_chart(request, name))


def chosen_chart(request: HttpRequest, name: str) -> Chart:
    from django.http import Http404

    if name not in CHARTS:
        raise Http404(name)
    return Overview(current_project(request), request.GET.get("range"), timezone.now()).chart(name)
