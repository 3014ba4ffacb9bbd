"""What every page shares: who may see and change it, and which project it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
CHANGE = "patterns.change_pattern"


def page(view: View) -> View:
    """For signed-in people only. Known errors become a page that says what is wrong."""

    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_sign_in(request)
        try:
            response = view(request, *args, **kwargs)
        except FeatureMemoryError as error:
            response = render_refusal(request, error)
        patch_vary_headers(response, ["HX-Request"])
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return cast("View", handle)


def changing(view: View) -> View:
    """A page that changes something: POST by those who may change patterns, 403 for others."""

    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_change(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast("View", page(handle))


def may_change(request: HttpRequest) -> bool:
    return request.user.has_perm(CHANGE)


def redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    """A part of a page cannot show a login form: the browser is told to go there as a whole."""
    if is_part(request):
        target = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(f"{resolve_url('login')}?next={target}")
    return redirect_to_login(request.get_full_path())


def render_refusal(request: HttpRequest, error: FeatureMemoryError) -> HttpResponse:
    template = "part_error.html" if is_part(request) else "error.html"
    context = {"error": error, "status": error.status}
    return render(request, template, context, status=error.status)


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part; going back in the history needs the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def render_page(
    request: HttpRequest, template: str, part: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The page, or only its part when htmx asked for it."""
    return render(request, part if is_part(request) else template, context, status=status)


def current_project(request: HttpRequest) -> Project:
    """The chosen project, else the first own one with interactions, else the demo, else the first."""
    found: Project | None = getattr(request, "_project", None)
    if found is None:
        found = choose_project(list_projects(request), request.session.get("project"))
        request._project = found  # type: ignore[attr-defined]
    return found


def list_projects(request: HttpRequest) -> list[Project]:
    """All projects, oldest first, each with `busy`: it holds interactions. Asked once a request."""
    found: list[Project] | None = getattr(request, "_projects", None)
    if found is None:
        # By the reverse name: this module may not know the apps above it.
        interaction: Any = Project._meta.get_field("modelinteraction").related_model
        stored = interaction.objects.filter(project=OuterRef("pk"))
        found = list(Project.objects.annotate(busy=Exists(stored)))
        request._projects = found  # type: ignore[attr-defined]
    return found


def choose_project(found: Sequence[Any], name: str | None) -> Project:
    """The project of that name; without one the first own busy one, the demo, the first."""
    chosen = next((project for project in found if project.name == name), None)
    if chosen or not found:
        return chosen or Project.objects.get_or_create(name="default")[0]
    own = [project for project in found if not project.is_demo]
    busy = next((project for project in own if project.busy), None)
    demo = next((project for project in found if project.is_demo), None)
    first: Project = busy or demo or found[0]
    return first


def count_statuses(request: HttpRequest) -> dict[str, int]:
    """Patterns of the current project by state, and `all` that are stored; asked once a request."""
    found: dict[str, int] | None = getattr(request, "_status_counts", None)
    if found is None:
        rows = current_project(request).pattern_set.order_by()
        found = dict(rows.values_list("status").annotate(n=Count("pk")).values_list("status", "n"))
        found["all"] = sum(n for status, n in found.items() if status != "archived")
        request._status_counts = found  # type: ignore[attr-defined]
    return found
