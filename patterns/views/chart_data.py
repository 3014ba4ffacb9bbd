"""The data of a chart as a table and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from featurememory.page_access import page, render_page
from patterns.charts.chart import Chart

# Full-width signs are read as the plain ones.
FORMULAS = tuple("=+-@＝＋－＠")
BREAKS = ("\t", "\r", "\n")


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


def stream_csv(
    filename: str, heads: list[str], rows: Iterable[Iterable[Any]]
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        write_csv_lines(heads, rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def write_csv_lines(heads: list[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    yield format_csv_line(heads)
    for values in rows:
        yield format_csv_line(["" if value is None else escape_formula(value) for value in values])


def format_csv_line(values: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def escape_formula(value: Any) -> Any:
    """Prefix text that a spreadsheet would run as a formula with an apostrophe (OWASP: CSV injection): that
    begins with a sign of formulas, behind spaces or not, or with a tab or line break."""
    if isinstance(value, str) and (value[:1] in BREAKS or value.lstrip()[:1] in FORMULAS):
        return "'" + value
    return value
