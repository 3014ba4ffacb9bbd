"""The list of optimizations: every change with its state, its effect on one axis, and its guards."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string

from featurememory.http.base_path import place_path
from featurememory.http.pagination import Page, parse_limit
from featurememory.lists import periods
from featurememory.lists.column_kinds import figure_column, word_column
from featurememory.lists.columns import ListColumn, ListFilter, ListSpec, Tab
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.pages import (
    build_listing,
    read_filters,
    read_sort,
    render_list,
    render_panel,
    wants_panel,
)
from featurememory.lists.query_list import QueryList
from featurememory.lists.table_html import peek_query, write_row_id
from featurememory.models import Project
from featurememory.page_access import current_project, exporting, page
from featurememory.templatetags import drawings, figures
from optimizations.manager import OptimizationManager
from optimizations.models import Optimization, OptimizationStatus
from optimizations.summaries import headline
from optimizations.summaries.forest_plot import ForestRow, build_forest, decode_or_blank

TABS = (
    ("All", ""),
    ("Active", "active"),
    ("On trial", "trial,shadow"),
    ("Candidates", "candidate"),
    ("Suspended", "suspended"),
    ("Rejected", "rejected"),
    ("Retired", "retired"),
)
# Orders by what only the engine's state holds; a project has at most some hundred optimizations.
MEASURED = {"effect", "quality"}
MOST_MEASURED = 2_000


def write_change(line: ForestRow) -> str:
    row = line.row
    context = {"line": line, "row": row, "copied": write_row_id(row.id)}
    address = escape(place_path(f"/optimizations/{row.id}/"))
    return (
        f'<a class="row" href="{address}"><span class="cut">{escape(row.summary or row.type)}'
        f"</span></a>{render_to_string('optimizations/_facts.html', context)}"
    )


def write_state(line: ForestRow) -> str:
    context = {"row": line.row, "state": line.state}
    return render_to_string("optimizations/_state.html", context)


def write_effect(line: ForestRow) -> str:
    context = {"w": line.whisker, "progress": line.progress}
    return render_to_string("optimizations/_whisker.html", context)


def write_quality(line: ForestRow) -> str:
    if not line.whisker:
        return '<span class="quiet">none</span>'
    value, low, high = line.state.quality_effect
    span = f"{figures.points(low)} to {figures.points(high)}"
    return f'<span title="{span}">{figures.points(value)}</span>'


def write_effectiveness(line: ForestRow) -> str:
    value = line.row.effectiveness
    if not value and not line.whisker:
        return '<span class="quiet">none</span>'
    return f'<span class="conf">{drawings.bar(value)}{figures.percent(value)}</span>'


COLUMNS = (
    ListColumn("change", "Change", write_change, css="full"),
    ListColumn(
        "status", "State", write_state, css="tight", pick=lambda line: ("status", line.row.status)
    ),
    ListColumn("effect", "Effect with 95% interval", write_effect, "effect"),
    figure_column("row.n_treated", "Treated", figures.number, unit="treated"),
    figure_column("row.n_control", "Held out", figures.number, unit="held out"),
    ListColumn("quality", "Quality", write_quality, "quality", True, css="tight", unit="quality"),
    ListColumn(
        "effectiveness", "Effectiveness", write_effectiveness, "effectiveness", unit="effectiveness"
    ),
    word_column("row.type", "Kind", css="tight wideonly", shown=False),
    word_column("row.task_type", "Task", css="tight wideonly", shown=False),
    ListColumn(
        "number",
        "Proposed",
        lambda line: figures.ago(line.row.created_at),
        "number",
        numeric=True,
        css="quiet wideonly",
        shown=False,
    ),
)
FILTERS = (
    ListFilter("q", "Search", kind="search", offered=False),
    ListFilter("range", "Proposed", kind="choice", choices=periods.CHOICES, offered=False),
    ListFilter("status", "State", kind="choice", choices=dict(OptimizationStatus.choices)),
    ListFilter("type", "Kind"),
    ListFilter("task_type", "Task"),
)
SPEC = ListSpec(
    name="optimizations",
    path="/optimizations/",
    title="Optimizations",
    noun="optimization",
    columns=COLUMNS,
    filters=FILTERS,
    default_sort="-number",
    row_id=lambda line: str(line.row.id),
    row_link=lambda line: f"/optimizations/{line.row.id}/",
    search="Search changes   ( / )",
    part="optimizations/_list.html",
    peek="optimizations/_peek.html",
)
OPTIMIZATIONS = QueryList(
    spec=SPEC,
    select=lambda project: Optimization.objects.filter(project=project).order_by(),
    exported=(
        "id",
        "type",
        "status",
        "summary",
        "pattern_id",
        "task_type",
        "effectiveness",
        "n_treated",
        "n_control",
        "created_at",
        "updated_at",
        "made_by",
    ),
    lookups={"status": "status__in", "type": "type", "task_type": "task_type"},
    searched=("summary", "task_type"),
    time_field="created_at",
    key="number",
)


@page
def list_optimizations(request: HttpRequest) -> HttpResponse:
    project, sort = current_project(request), read_sort(request, SPEC)
    used, limit = read_filters(request.GET, SPEC), parse_limit(request.GET.get("limit"))
    if wants_panel(request):
        empty: Page[Any] = Page([], None, None)
        listing = build_listing(request, SPEC, empty, used, sort, [], limit=limit)
        return render_panel(request, listing, find_panel(project, listing))
    if sort.lstrip("-") in MEASURED:
        found = read_measured(project, used, sort, request.GET.get("cursor"), limit)
    else:
        found = OPTIMIZATIONS.read(project, used, sort, request.GET.get("cursor"), limit)
    lines, scale = build_forest(project, found.rows)
    tabs = build_tabs(project, used, sort)
    listing = build_listing(request, SPEC, found, used, sort, lines, limit=limit, tabs=tabs)
    context = {
        "scale": scale,
        "periods": periods.CHOICES,
        "answer": headline.summarize_project(project),
        # What a trial still needs stands in its own line.
        "findings": [
            one for one in OptimizationManager(project).findings() if one.code != "needs_more"
        ][:5],
    }
    return render_list(request, listing, "optimizations/list.html", context)


def measure(row: Optimization, name: str) -> float | None:
    state = decode_or_blank(row)
    if not (state.n_treated and state.n_control):
        return None
    return (state.lift if name == "effect" else state.quality_effect)[0]


def read_measured(
    project: Project, used: Mapping[str, str], sort: str, cursor: str | None, limit: int
) -> Page[Optimization]:
    """In the order of a measured effect; those without one come last. The cursor counts rows."""
    name = sort.lstrip("-")
    rows = list(OPTIMIZATIONS.filter(project, used).order_by("-number")[:MOST_MEASURED])
    measured = [(measure(row, name), row) for row in rows]
    known = [pair for pair in measured if pair[0] is not None]
    known.sort(key=lambda pair: pair[0] or 0.0, reverse=sort.startswith("-"))
    ordered = [row for _, row in known] + [row for value, row in measured if value is None]
    start = int(cursor) if cursor and cursor.isascii() and cursor.isdecimal() else 0
    start = min(start, MOST_MEASURED)
    further = str(start + limit) if start + limit < len(ordered) else None
    back = str(max(0, start - limit)) if start else None
    return Page(ordered[start : start + limit], further, back)


def build_tabs(project: Project, used: Mapping[str, str], sort: str) -> list[Tab]:
    """By state, with counts of the whole project. The order and the period stay."""
    rows = Optimization.objects.filter(project=project).order_by()
    counted = dict(rows.values_list("status").annotate(n=Count("pk")).values_list("status", "n"))
    counted[""] = sum(counted.values())
    kept = {name: used[name] for name in ("range",) if name in used}
    if sort != SPEC.default_sort:
        kept["sort"] = sort
    here = {name: value for name, value in used.items() if name not in ("range", "q")}
    made = []
    for name, status in TABS:
        own = {"status": status} if status else {}
        count = sum(counted.get(one, 0) for one in status.split(","))
        made.append(Tab(name, urlencode({**own, **kept}), count, own == here))
    return made


def find_panel(project: Project, listing: Listing) -> PeekPanel | None:
    """The optimization beside the list; in the order of a measured effect within the whole list."""
    rows = Optimization.objects.filter(project=project)
    row = rows.filter(id=listing.peeked[:64]).first()
    if row is None:
        return None
    if listing.sort.lstrip("-") in MEASURED:
        every = read_measured(project, listing.used, listing.sort, None, MOST_MEASURED).rows
        names = [one.id for one in every]
        at = names.index(row.id) if row.id in names else -1
        before = names[at - 1] if at > 0 else ""
        after = names[at + 1] if 0 <= at < len(names) - 1 else ""
    else:
        ends = OPTIMIZATIONS.find_neighbours(project, listing, row)
        before, after = (one.id if one else "" for one in ends)
    (line,), _ = build_forest(project, [row])
    addresses = [peek_query(listing, name) if name else "" for name in (after, before)]
    return PeekPanel(line, SPEC.peek, {"line": line, "row": row}, *addresses)


@exporting
def download_optimizations(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    return OPTIMIZATIONS.download(request, kind, id_field="id")
