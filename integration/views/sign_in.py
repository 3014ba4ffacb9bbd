"""Sign-in by form or one-time link, and the choice of theme and project."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from featurememory.models import LoginLink
from featurememory.page_access import list_projects, page

YEAR_S = 31_536_000

sign_in = LoginView.as_view(template_name="login.html", redirect_authenticated_user=True)


@never_cache
def sign_in_once(request: HttpRequest, token: str) -> HttpResponse:
    """The link that `serve` prints: signs in its user, and works once."""
    user = LoginLink.use(token)
    if user is None:
        if not request.user.is_authenticated:
            messages.warning(request, "This link was used before or is too old. Sign in instead.")
        return redirect("overview")
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("overview")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Set the theme cookie, for browsers without JavaScript."""
    response = redirect_back(request)
    chosen = request.POST.get("theme")
    if chosen in ("light", "dark"):
        response.set_cookie("theme", chosen, max_age=YEAR_S, samesite="Lax")
    return response


@require_POST
@page
def choose_project(request: HttpRequest) -> HttpResponse:
    """Choose the project that pages show in this session."""
    name = request.POST.get("project", "")
    if any(project.name == name for project in list_projects(request)):
        request.session["project"] = name
    return redirect("overview")


def redirect_back(request: HttpRequest) -> HttpResponse:
    """Redirect to the referring page if it is ours."""
    came = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came, {request.get_host()}, request.is_secure()):
        return redirect(came)
    return redirect("overview")
