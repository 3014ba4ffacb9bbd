"""The page of models: what is registered, what they served, and the routes between them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from featurememory.lists.pages import read_filters, render_list, render_panel, wants_panel
from featurememory.models import Project
from featurememory.page_access import current_project, page
from optimizations.model_catalog import PriceList, build_prices
from optimizations.models import ModelPrice, Optimization, RegisteredModel
from optimizations.prices.shipped_prices import read_shipped_list
from optimizations.storage import decode_state
from optimizations.views.model_forms import ModelForm, fill_form
from optimizations.views.model_lines import ModelLine
from optimizations.views.model_list import (
    SPEC,
    build_model_listing,
    choose_lines,
    find_model_panel,
    stream_models,
)
from patterns.models import PatternHour
from patterns.serializers import serialize_model_figures
from patterns.statistics.rollups import ALL_PATTERNS, ALL_TIME

MOST = 200


@page
def models(request: HttpRequest) -> HttpResponse:
    if wants_panel(request):
        listing = build_model_listing(request, lines(current_project(request)))
        return render_panel(request, listing, find_model_panel(listing))
    name = request.GET.get("edit", "")[:200].replace("\x00", "")
    project = current_project(request)
    known = None
    if name:
        known = RegisteredModel.objects.filter(project=project, model_id=name).first()
    price = PriceList.of(project.pk).at(name, time.time() * 1000) if name else None
    return render_models(request, fill_form(name, known, price), name)


def render_models(
    request: HttpRequest, form: ModelForm, editing: str = "", status: int = 200
) -> HttpResponse:
    project = current_project(request)
    prices = ModelPrice.objects.filter(project=project).order_by("model_id", "-effective_from")
    context: dict[str, Any] = {
        "listing": build_model_listing(request, lines(project)),
        "form": form,
        "editing": editing,
        "prices": prices[: MOST + 1],
        "shipped": read_shipped_list(),
    }
    response = render_list(request, context["listing"], "models/list.html", context)
    response.status_code = status
    return response


def count_models(project: Project, given: Mapping[str, str]) -> int:
    used = read_filters(given, SPEC)
    return len(choose_lines(lines(project), used, SPEC.default_sort))


@page
def download_models(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    return stream_models(request, lines(current_project(request)), kind)


def lines(project: Project) -> list[ModelLine]:
    """Registered models and those seen in traffic, most used first."""
    found: dict[str, ModelLine] = {}
    for row in RegisteredModel.objects.filter(project=project)[:MOST]:
        found[row.model_id] = ModelLine(row.model_id, row)
    hours = PatternHour.objects.filter(project=project, hour=ALL_TIME, pattern_id=ALL_PATTERNS)
    for hour in hours.order_by("-count")[:MOST]:
        line = found.setdefault(hour.model_id, ModelLine(hour.model_id))
        line.figures = serialize_model_figures(hour)
    prices, now = PriceList.of(project.pk), time.time() * 1000
    for line in found.values():
        price = prices.at(line.model_id, now)
        line.price = price if price and build_prices(price).is_set else None
    count_routes(project, found)
    return sorted(found.values(), key=lambda one: (-one.figures["use_count"], one.model_id))


def count_routes(project: Project, found: dict[str, ModelLine]) -> None:
    active = Optimization.objects.filter(project=project, type="route_model", status="active")
    for row in active[:MOST]:
        if target := found.get(str(row.params.get("model_id"))):
            target.routes_in += 1
        source = decode_state(row).base if row.state else ""
        if source in found:
            found[source].routes_out += 1
