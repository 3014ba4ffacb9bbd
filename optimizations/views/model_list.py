"""The list of models: what may serve tasks, what it costs, and how it served so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string

from featurememory.audit.record import record
from featurememory.http.pagination import Page
from featurememory.lists.columns import ListColumn, ListFilter, ListSpec
from featurememory.lists.exports import read_given, stream_list
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.pages import build_listing, read_filters, read_sort
from featurememory.lists.table_html import peek_query
from featurememory.page_access import current_project, may_change
from featurememory.templatetags import figures
from optimizations.views.model_lines import ModelLine

Read = Callable[[Any], Any]


def name_state(line: ModelLine) -> str:
    if not line.registered:
        return "unregistered"
    return "enabled" if line.registered.enabled else "disabled"


def write_model(line: ModelLine) -> str:
    return render_to_string("models/_name.html", {"line": line})


def write_state(line: ModelLine) -> str:
    tone = TONES.get(name_state(line), "")
    return f'<span class="badge {tone}">{STATES[name_state(line)]}</span>'


def write_prices(line: ModelLine) -> str:
    return render_to_string("models/_prices.html", {"price": line.price})


def write_routes(count: int) -> str:
    """None is the usual case: it steps back, and on a phone it goes."""
    return figures.number(count) if count else '<span class="quiet">0</span>'


def write_cost(line: ModelLine) -> str:
    cost = line.figures["cost_mean"]
    return '<span class="quiet">unpriced</span>' if cost is None else figures.cost(cost)


TONES = {"enabled": "ok", "unregistered": "plain"}
STATES = {"enabled": "enabled", "disabled": "disabled", "unregistered": "not registered"}
# What sorts, and stands in files.
VALUES: dict[str, Read] = {
    "model_id": lambda line: line.model_id,
    "state": name_state,
    "use_count": lambda line: line.figures["use_count"],
    "success_rate": lambda line: line.figures["success_rate"],
    "duration_p50": lambda line: line.figures["duration_p50"],
    "duration_p95": lambda line: line.figures["duration_p95"],
    "tokens_mean": lambda line: line.figures["tokens_mean"],
    "cost_mean": lambda line: line.figures["cost_mean"],
    "input_per_1m": lambda line: line.price.input_per_1m if line.price else None,
    "output_per_1m": lambda line: line.price.output_per_1m if line.price else None,
    "routes_in": lambda line: line.routes_in,
    "routes_out": lambda line: line.routes_out,
}


def figure(name: str, title: str, write: Callable[[Any], str], unit: str = "") -> ListColumn:
    value = VALUES[name]
    return ListColumn(name, title, lambda line: write(value(line)), name, True, unit=unit)


COLUMNS = (
    ListColumn("model_id", "Model", write_model, "model_id", css="full"),
    ListColumn(
        "state", "State", write_state, css="tight", pick=lambda line: ("state", name_state(line))
    ),
    figure("use_count", "Calls", figures.number, "calls"),
    figure("success_rate", "Success", figures.percent, "success"),
    figure("duration_p50", "p50", figures.duration, "p50"),
    figure("duration_p95", "p95", figures.duration, "p95"),
    ListColumn("cost_mean", "Cost per call", write_cost, "cost_mean", True, unit="per call"),
    ListColumn(
        "input_per_1m",
        "In / out per million tokens",
        write_prices,
        "input_per_1m",
        True,
        unit="per million",
    ),
    figure("routes_in", "Routes in", write_routes, "routes in"),
    figure("routes_out", "Routes out", write_routes, "routes out"),
    ListColumn(
        "tokens_mean",
        "Tokens",
        lambda line: figures.number(line.figures["tokens_mean"]),
        "tokens_mean",
        True,
        unit="tokens",
        shown=False,
    ),
)
FILTERS = (
    ListFilter("q", "Search", kind="search", offered=False),
    ListFilter("state", "State", kind="choice", choices=STATES),
)
SPEC = ListSpec(
    name="models",
    path="/models/",
    title="Models",
    noun="model",
    columns=COLUMNS,
    filters=FILTERS,
    default_sort="-use_count",
    row_id=lambda line: str(line.model_id),
    row_link=lambda line: "",
    search="Search models   ( / )",
    part="models/_list.html",
    peek="models/_peek.html",
)


def choose_lines(lines: Sequence[ModelLine], used: dict[str, str], sort: str) -> list[ModelLine]:
    """Those that match, in order; what is not known comes last."""
    text = used.get("q", "").casefold()
    states = used.get("state", "").split(",") if "state" in used else list(STATES)
    kept = [
        line for line in lines if text in line.model_id.casefold() and name_state(line) in states
    ]
    value = VALUES[sort.lstrip("-")]
    known = [line for line in kept if value(line) is not None]
    known.sort(key=value, reverse=sort.startswith("-"))
    return known + [line for line in kept if value(line) is None]


def build_model_listing(request: HttpRequest, lines: Sequence[ModelLine]) -> Listing:
    used, sort = read_filters(request.GET, SPEC), read_sort(request, SPEC)
    chosen = choose_lines(lines, used, sort)
    for line in chosen:
        line.may_change = may_change(request)
    whole: Page[Any] = Page([], None, None)
    return build_listing(request, SPEC, whole, used, sort, chosen, total=len(lines))


def find_model_panel(listing: Listing) -> PeekPanel | None:
    """The model beside the list; its neighbours are those of the list as it is shown."""
    names = [line.model_id for line in listing.rows]
    if listing.peeked not in names:
        return None
    at = names.index(listing.peeked)
    line = listing.rows[at]
    context = {"line": line, "state": STATES[name_state(line)], "tone": TONES.get(name_state(line))}
    before = peek_query(listing, names[at - 1]) if at else ""
    after = peek_query(listing, names[at + 1]) if at + 1 < len(names) else ""
    return PeekPanel(line, SPEC.peek, context, after, before)


def stream_models(
    request: HttpRequest, lines: Sequence[ModelLine], kind: str
) -> StreamingHttpResponse:
    given, ids = read_given(request)
    sort = given.get("sort") or SPEC.default_sort
    sort = sort if sort.removeprefix("-") in SPEC.sorts else SPEC.default_sort
    chosen = choose_lines(lines, read_filters(given, SPEC), sort)
    record(current_project(request).pk, "export.made", f"models.{kind}")
    columns = ("id", *VALUES)
    rows = (
        {"id": line.model_id, **{name: value(line) for name, value in VALUES.items()}}
        for line in chosen
        if not ids or line.model_id in ids
    )
    return stream_list("models", kind, columns, rows)
