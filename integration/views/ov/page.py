"""Overview: whether Feature Memory pays off, in a sentence, six figures, five charts and activity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from featurememory.config import config_of
from featurememory.models import Activity, ConfigVersion, Project
from featurememory.page_access import current_project, page, render_page
from integration.views import headline_figures
from integration.views.headline_figures import Figure
from integration.views.navigation import add_page_surroundings, count_live
from patterns.charts import (
    chart,
    durations,
    effectiveness,
    process_memory,
    stored_patterns,
    token_use,
)
from patterns.charts.chart import Chart
from patterns.charts.plotly_parts import Mark
from patterns.statistics import hourly_gauges, series
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.series import Hours, Series
from patterns.statistics.time_window import RANGES, Window, hour_of, time_of
from patterns.views.chart_data import make_chart_views


class Overview:
    """The data of the page for one project and range, read lazily and once."""

    def __init__(self, project: Project, name: str | None, now: datetime) -> None:
        self.project, self.now, self.name = project, now, name if name in RANGES else ""

    @cached_property
    def rows(self) -> Hours:
        longest = Window.ending(self.now, self.name or "30d")
        return series.read_rollups(self.project.pk, longest.start, longest.end)

    @cached_property
    def window(self) -> Window:
        return Window.ending(self.now, self.name or series.choose_range(self.rows, self.now))

    @cached_property
    def series(self) -> Series:
        return series.fill_series(self.window, self.rows)

    @cached_property
    def before(self) -> Series:
        """The preceding range; empty when it has too little data to compare with."""
        window = self.window.previous()
        rows = series.read_rollups(self.project.pk, window.start, window.end)
        found = series.fill_series(window, rows)
        enough = found.total.count >= max(LEAST, SHARE * self.series.total.count)
        return found if enough else series.fill_series(window, [])

    @cached_property
    def comparable(self) -> bool:
        return self.before.total.count > 0

    @cached_property
    def hours(self) -> list[Any]:
        return hourly_gauges.read_hours(
            self.project.pk, self.window.previous().start, self.window.end
        )

    @cached_property
    def gauges(self) -> list[HourlyGauge]:
        return hourly_gauges.fill_buckets(self.window, self.hours)

    @cached_property
    def gauge(self) -> HourlyGauge:
        return hourly_gauges.sum_gauges(self.gauges)

    @cached_property
    def gauge_before(self) -> HourlyGauge:
        return hourly_gauges.sum_gauges(
            hourly_gauges.fill_buckets(self.window.previous(), self.hours)
        )

    def marks(self) -> list[Mark]:
        """The last three changes of thresholds in the window, as marks on the time axis."""
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
            "effectiveness": lambda: effectiveness.build_effectiveness_chart(
                self.series, self.marks()
            ),
            "patterns": lambda: stored_patterns.build_stored_patterns_chart(
                self.window, self.gauges, limit
            ),
            "tokens": lambda: token_use.build_token_use_chart(self.series),
            "duration": lambda: durations.build_durations_chart(self.series),
            "memory": lambda: process_memory.build_process_memory_chart(self.window, self.gauges),
        }
        return made[name]()

    def figures(self, stored: int) -> list[Figure]:
        """The six headline figures."""
        now, before, limit = self.series, self.before, config_of(self.project.pk).max_patterns
        return [
            headline_figures.build_stored_patterns(stored, limit, self.gauges),
            headline_figures.build_recognition_rate(self.gauges, self.gauge, self.gauge_before),
            headline_figures.build_effectiveness(now, before),
            headline_figures.build_tokens(now, before),
            headline_figures.build_duration(now, before),
            headline_figures.build_recognition_time(self.gauges, self.gauge, self.gauge_before),
        ]


# With fewer interactions, or a smaller share of the current ones, the preceding range is not compared.
LEAST, SHARE = 30, 0.02
CHARTS = ("effectiveness", "patterns", "tokens", "duration", "memory")


@page
def show_overview(request: HttpRequest) -> HttpResponseBase:
    project = current_project(request)
    if not count_live(project).count:
        return redirect("start")
    found = Overview(project, request.GET.get("range"), timezone.now())
    activity = list(Activity.objects.filter(project=project)[:6])
    shell = add_page_surroundings(request)["shell"]
    stored = shell.counts["all"]
    context = {
        "window": found.window,
        "ranges": list(RANGES),
        "total": found.series.total,
        "comparable": found.comparable,
        "interval": headline_figures.compute_interval(found.series),
        "gauge": found.gauge,
        "enough": found.series.total.quality_count >= chart.ENOUGH,
        "needed": chart.ENOUGH,
        "figures": found.figures(stored),
        "charts": {name: found.chart(name) for name in CHARTS},
        "activity": activity,
        "attention": list_attention(shell.counts, stored, shell.config.max_patterns),
        "query": f"range={found.window.name}",
    }
    return render_page(request, "overview.html", "overview.html", context)


def list_attention(counts: dict[str, int], stored: int, limit: int) -> list[tuple[str, str]]:
    """What needs attention, as (text, link)."""
    found = []
    if drifting := counts.get("drifting", 0):
        words = "pattern is drifting: its" if drifting == 1 else "patterns are drifting: their"
        found.append(
            (f"{drifting:,} {words} interactions are changing", "/patterns/?status=drifting")
        )
    if stored >= 0.95 * limit:
        found.append(
            (
                f"{stored:,} of {limit:,} patterns: the least valuable are evicted first",
                "/patterns/?sort=last_used",
            )
        )
    return found


def build_chart(request: HttpRequest, name: str) -> Chart:
    if name not in CHARTS:
        raise Http404(name)
    return Overview(current_project(request), request.GET.get("range"), timezone.now()).chart(name)


show_chart_table, download_chart = make_chart_views(build_chart)
