"""Access to pages: sign-in, the person's role, and the current project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from featurememory.access import roles
from featurememory.access.preferences import seen_by
from featurememory.config import config_of
from featurememory.errors import FeatureMemoryError
from featurememory.models import Project

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def page(view: View) -> View:
    """Decorator: requires sign-in and a role in some project, and renders known errors as a page."""

    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_sign_in(request)
        if not list_projects(request) and not request.user.is_superuser:
            return render(request, "no_project.html", status=403)
        with seen_by(request.user):
            try:
                response = view(request, *args, **kwargs)
            except FeatureMemoryError as error:
                response = render_refusal(request, error)
        patch_vary_headers(response, ["HX-Request"])
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return cast("View", handle)


def changing(view: View) -> View:
    """Decorator of pages that change something: 403 unless editor of the current project."""

    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_change(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast("View", page(handle))


def exporting(view: View) -> View:
    """Decorator of pages that hand out a file of contents: 403 where the project keeps them from viewers."""

    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_export(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast("View", page(handle))


def may_export(request: HttpRequest) -> bool:
    return may_change(request) or config_of(current_project(request).pk).export_by_viewers


def roles_of(request: HttpRequest) -> roles.Roles:
    """The roles of the person. Read once per request."""
    found: roles.Roles | None = getattr(request, "_roles", None)
    if found is None:
        found = roles.read_roles(request.user)
        request._roles = found  # type: ignore[attr-defined]
    return found


def role_of(request: HttpRequest, project: Project | None = None) -> str:
    """The person's role in this project, by default the current one; "" for none."""
    return roles.find_role(roles_of(request), (project or current_project(request)).pk)


def may_change(request: HttpRequest, project: Project | None = None) -> bool:
    return roles.covers(role_of(request, project), roles.EDITOR)


def may_change_everywhere(request: HttpRequest) -> bool:
    """Whether what concerns the whole server, like the demo, is theirs to change."""
    return roles.covers(roles_of(request).get(None, ""), roles.EDITOR)


def redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-in; for a part of a page htmx redirects the whole browser."""
    if is_part(request):
        target = request.htmx.current_url_abs_path or resolve_url("overview")  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(redirect_to_login(target).url)
    shows = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if shows else find_page_before(request))


def find_page_before(request: HttpRequest) -> str:
    """The page whose form was sent: where it went may have nothing to show."""
    came = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came, {request.get_host()}, request.is_secure()):
        return urlsplit(came)._replace(scheme="", netloc="").geturl()
    return str(resolve_url("overview"))


def explain_refused_method(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """Middleware: a page for people in place of the empty one of an address that only takes forms."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        wants_page = "text/html" in request.headers.get("Accept", "")
        if not isinstance(response, HttpResponseNotAllowed) or not wants_page:
            return response
        allowed = response["Allow"]
        shown = render(request, "405.html", {"allowed": allowed}, status=405)
        shown["Allow"] = allowed
        return shown

    return handle


def render_refusal(request: HttpRequest, error: FeatureMemoryError) -> HttpResponse:
    template = "part_error.html" if is_part(request) else "error.html"
    context = {"error": error, "status": error.status}
    return render(request, template, context, status=error.status)


def is_part(request: HttpRequest) -> bool:
    """Whether htmx requests a part; restoring history needs the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def render_page(
    request: HttpRequest, template: str, part: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render the page, or only its part when htmx requests it."""
    return render(request, part if is_part(request) else template, context, status=status)


def current_project(request: HttpRequest) -> Project:
    """The project chosen in this session, else as `choose_project` says. A shared link names one."""
    found: Project | None = getattr(request, "_project", None)
    if found is None:
        follow_shared_link(request)
        found = choose_project(list_projects(request), request.session.get("project"))
        request._project = found  # type: ignore[attr-defined]
    return found


def follow_shared_link(request: HttpRequest) -> None:
    """Choose the project that a link names, when it is one the person may see."""
    named = request.GET.get("project") if request.method == "GET" else None
    if named and any(project.name == named for project in list_projects(request)):
        request.session["project"] = named


def list_projects(request: HttpRequest) -> list[Project]:
    """The projects the person has a role in, oldest first, each with `busy` when it has interactions.
    Read once per request."""
    found: list[Project] | None = getattr(request, "_projects", None)
    if found is None:
        # By the reverse name, because this module must not import the apps above it.
        interaction: Any = Project._meta.get_field("modelinteraction").related_model
        stored = interaction.objects.filter(project=OuterRef("pk"))
        visible = roles.select_projects(roles_of(request))
        found = list(visible.annotate(busy=Exists(stored)))
        request._projects = found  # type: ignore[attr-defined]
    return found


def choose_project(found: Sequence[Any], name: str | None) -> Project:
    """The project of that name, else the first own one with interactions, else the demo, else the first.

    Without any, as only a superuser can get here, one is made.
    """
    chosen = next((project for project in found if project.name == name), None)
    if chosen or not found:
        return chosen or Project.objects.get_or_create(name="default")[0]
    own = [project for project in found if not project.is_demo]
    busy = next((project for project in own if project.busy), None)
    demo = next((project for project in found if project.is_demo), None)
    first: Project = busy or demo or found[0]
    return first


def count_statuses(request: HttpRequest) -> dict[str, int]:
    """Patterns of the current project by status, and `all` stored ones. Read once per request."""
    found: dict[str, int] | None = getattr(request, "_status_counts", None)
    if found is None:
        rows = current_project(request).pattern_set.order_by()
        found = dict(rows.values_list("status").annotate(n=Count("pk")).values_list("status", "n"))
        found["all"] = sum(n for status, n in found.items() if status != "archived")
        request._status_counts = found  # type: ignore[attr-defined]
    return found
