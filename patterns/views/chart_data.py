"""The data of a chart as a table and as CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from featurememory.lists.exports import stream_csv
from featurememory.page_access import page, render_page
from patterns.charts.chart import Chart


def make_chart_views(
    build_chart: Callable[..., Chart],
) -> tuple[Callable[..., HttpResponse], Callable[..., StreamingHttpResponse]]:
    """The two views of a chart, its table and its CSV.

    `build_chart` takes the request and what the URL captures; Http404 when there is no such chart.
    """

    @page
    def show_table(request: HttpRequest, **captured: Any) -> HttpResponse:
        return render_chart_table(request, build_chart(request, **captured))

    @page
    def download_csv(request: HttpRequest, **captured: Any) -> StreamingHttpResponse:
        return stream_chart_csv(build_chart(request, **captured))

    return show_table, download_csv


def render_chart_table(request: HttpRequest, chart: Chart) -> HttpResponse:
    return render_page(request, "chart_page.html", "_chart_table.html", {"chart": chart})


def stream_chart_csv(chart: Chart) -> StreamingHttpResponse:
    heads = [column.title for column in chart.columns]
    return stream_csv(f"{chart.name}.csv", heads, chart.rows)
