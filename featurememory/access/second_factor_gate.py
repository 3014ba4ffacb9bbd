"""Where FM_SECOND_FACTOR asks for a second factor, pages open only to those who have one."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from featurememory.access import roles, second_factor

Handler = Callable[[HttpRequest], HttpResponse]
# In the session: its person was found to have one, or is somebody else's to check (single sign-on).
CHECKED = "factor_checked"
# Open without: programs have keys, and what anybody may read.
OPEN = ("/api/", "/v1/", "/health/", "/client/", "/metrics")
OPEN_PAGES = ("second_factor", "logout", "theme")


def ask_for_second_factor(get_response: Handler) -> Handler:
    """Middleware: leads people who must have a second factor, and have none, to where they set it up."""

    def handle(request: HttpRequest) -> HttpResponse:
        if settings.SECOND_FACTOR == "optional" or not must_set_up(request):
            return get_response(request)
        place = resolve_url("second_factor")
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(place)
        return redirect(place)

    return handle


def must_set_up(request: HttpRequest) -> bool:
    if not request.user.is_authenticated or request.session.get(CHECKED):
        return False
    if request.path_info.startswith(OPEN) and request.path_info != "/health/":
        return False
    if request.path in map(resolve_url, OPEN_PAGES):
        return False
    if second_factor.is_enabled(request.user):
        request.session[CHECKED] = True
        return False
    return is_asked_for(request)


def is_asked_for(request: HttpRequest) -> bool:
    """Of admins of any project, or of everyone."""
    own = roles.read_roles(request.user)
    is_admin = any(roles.covers(role, roles.ADMIN) for role in own.values())
    return settings.SECOND_FACTOR == "everyone" or is_admin
