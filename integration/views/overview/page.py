"""Overview: whether Feature Memory pays off, in a sentence, six figures, six charts and activity."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from featurememory.models import Activity, Project
from featurememory.page_access import current_project, page, render_page
from integration.jobs import demo_jobs
from integration.views.navigation import add_page_surroundings
from integration.views.overview import charts, headline_figures
from integration.views.overview.attention import list_attention
from integration.views.overview.page_data import Overview
from patterns.charts import chart
from patterns.charts.chart import Chart
from patterns.statistics.time_window import RANGES
from patterns.views.chart_data import make_chart_views


@page
def show_overview(request: HttpRequest) -> HttpResponseBase:
    project = current_project(request)
    loading = demo_jobs.find_loading(project)
    shell = add_page_surroundings(request)["shell"]
    if not shell.live.count:
        if loading:
            return render(request, "demo_loading.html", {"loading": loading})
        return redirect("start")
    # While the demo is loaded, its newest days are still to come.
    found = read_overview(request, project, "90d" if loading else "")
    activity = list(Activity.objects.filter(project=project)[:5])
    stored = shell.counts["all"]
    context = {
        "window": found.window,
        "ranges": list(RANGES),
        "total": found.series.total,
        "comparable": found.comparable,
        "before": found.window.previous(),
        "interval": headline_figures.compute_interval(found.series),
        "gauge": found.gauge,
        "enough": found.series.total.quality_count >= chart.ENOUGH,
        "needed": chart.ENOUGH,
        "figures": found.figures(stored),
        "charts": {name: charts.build_chart(found, name) for name in charts.CHARTS},
        "activity": activity,
        "attention": list_attention(project, shell.counts, shell.config),
        "compare": found.compare,
        "query": f"range={found.window.name}{'&compare=1' if found.compare else ''}",
        "loading": loading,
    }
    return render_page(request, "overview.html", "overview.html", context)


def read_overview(request: HttpRequest, project: Project, usual: str = "") -> Overview:
    name, compare = request.GET.get("range") or usual, request.GET.get("compare") == "1"
    return Overview(project, name, timezone.now(), compare)


def build_chart(request: HttpRequest, name: str) -> Chart:
    if name not in charts.CHARTS:
        raise Http404(name)
    return charts.build_chart(read_overview(request, current_project(request)), name)


show_chart_table, download_chart = make_chart_views(build_chart)
