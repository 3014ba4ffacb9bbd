"""The dialogs that arrange a list: which columns one sees, and the views that everybody has."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from featurememory.lists import layouts, saved_views
from featurememory.lists.columns import ListSpec
from featurememory.lists.layouts import Layout
from featurememory.page_access import changing, current_project, is_part, page, render_page
from integration.views.lists.specs import find_spec

MOST_QUERY = 1000


@page
def arrange_columns(request: HttpRequest, name: str) -> HttpResponse:
    """GET shows the columns; POST moves one, or keeps the choice and leads back to the list."""
    spec = find_spec(name)
    layout = layouts.read_layout(request.user, spec)
    if request.method != "POST":
        return render_columns(request, spec, layout)
    if "reset" in request.POST:
        layouts.save_layout(request.user, spec, None)
        return lead_back(request, spec)
    layout = read_posted(request, spec, layout)
    if move := request.POST.get("move", ""):
        column, _, step = move.partition(":")
        layout = layouts.move_column(layout, column, -1 if step == "up" else 1)
    layouts.save_layout(request.user, spec, layout)
    return render_columns(request, spec, layout) if move else lead_back(request, spec)


def read_posted(request: HttpRequest, spec: ListSpec, layout: Layout) -> Layout:
    """The ticked columns in the order of the form; the main column is always shown."""
    ticked = {spec.columns[0].name, *request.POST.getlist("shown")}
    order = layouts.clean_names(spec, request.POST.getlist("order")) or layout.names
    return replace(
        layout,
        names=tuple(name for name in order if name in ticked),
        pinned=frozenset(layouts.clean_names(spec, request.POST.getlist("pinned"))),
        dense=request.POST.get("dense") == "1",
    )


def render_columns(request: HttpRequest, spec: ListSpec, layout: Layout) -> HttpResponse:
    names = layouts.list_all_names(spec, layout)
    lines = [(spec.column(name), name in layout.names, name in layout.pinned) for name in names]
    context = {"spec": spec, "lines": lines, "dense": layout.dense, "query": read_query(request)}
    return render_page(request, "lists/columns.html", "lists/_columns.html", context)


def read_query(request: HttpRequest) -> str:
    given = request.POST if request.method == "POST" else request.GET
    return given.get("query", "").replace("\x00", "")[:MOST_QUERY]


def lead_back(request: HttpRequest, spec: ListSpec, query: str | None = None) -> HttpResponse:
    found = read_query(request) if query is None else query
    target = f"{spec.address}?{found}" if found else spec.address
    if not url_has_allowed_host_and_scheme(target, None):  # line breaks in a query
        target = spec.address
    return HttpResponseClientRedirect(target) if is_part(request) else redirect(target)


@page
def list_views(request: HttpRequest, name: str) -> HttpResponse:
    """The saved views of a list, and the form that saves what is shown now."""
    spec = find_spec(name)
    if request.method == "POST":
        return change_views(request, name)
    context = {
        "spec": spec,
        "views": saved_views.list_saved(current_project(request), spec),
        "query": read_query(request),
        "project": current_project(request),
    }
    return render_page(request, "lists/views.html", "lists/_views.html", context)


def read_pk(request: HttpRequest, name: str) -> int:
    """The key of a view that the request names; 0 when it is none."""
    given = request.POST.get(name) or request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else 0


@changing
def change_views(request: HttpRequest, name: str) -> HttpResponse:
    spec, project = find_spec(name), current_project(request)
    actor = str(request.user.get_username())
    if "delete" in request.POST:
        view = saved_views.delete_view(project, spec, read_pk(request, "delete"), actor)
        text = f"Deleted the view {view.name}." if view else "It was gone."
        undo = f"{reverse('list_views', args=[name])}?restore={view.pk}" if view else ""
        messages.success(request, text, extra_tags=undo)
        return lead_back(request, spec)
    if "restore" in request.GET:
        view = saved_views.restore_view(project, spec, read_pk(request, "restore"), actor)
        messages.success(request, f"{view.name} is back." if view else "It is gone for good.")
        return lead_back(request, spec, view.query if view else "")
    named = request.POST.get("name", "")
    view = saved_views.save_view(project, spec, named, read_query(request), actor)
    messages.success(request, f"Saved the view {view.name} for everybody in {project.name}.")
    return lead_back(request, spec, view.query)
