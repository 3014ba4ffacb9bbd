"""Sign-in at the OpenID provider: there, and back with whom it names."""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from featurememory.access import oidc
from featurememory.access.second_factor_gate import CHECKED
from featurememory.access.sessions import clear_expired_sessions
from featurememory.access.sso_accounts import SsoRefused, find_person
from featurememory.audit.origin import note_way
from featurememory.audit.sign_ins import record_failure
from featurememory.http.rate_limits import take
from integration.views.people.sign_in import (
    BACKEND,
    address_of,
    finish_sign_in,
    render_sign_in,
)

NEXT, PATIENCE_S = "sso_next", 600
THERE = "sso_signed_in"  # the session was begun at the provider
# Sign-ins that may begin at one address, an office's perhaps: each keeps a session for a moment.
MOST_A_MINUTE = 300
# Roles follow the provider's groups at each sign-in, so sessions are short.
SESSION_S = 12 * 3600


@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    if settings.OIDC is None:
        raise Http404
    if request.user.is_authenticated:
        return redirect("overview")
    if wait := take(f"sso:{address_of(request)}", 1, MOST_A_MINUTE):
        return refuse_crowd(request, wait)
    clear_expired_sessions()
    request.session[NEXT] = request.GET.get("next", "")[:2000]
    request.session.set_expiry(PATIENCE_S)
    try:
        return oidc.begin_sign_in(request, request.build_absolute_uri(reverse("sso_callback")))
    except oidc.SsoFailed as error:
        return render_sign_in(request, refused=error.message, status=error.status)


def refuse_crowd(request: HttpRequest, wait: float) -> HttpResponse:
    response = render_sign_in(
        request, refused="Too many sign-ins begin at this address.", status=429
    )
    response.headers["Retry-After"] = str(math.ceil(wait))
    return response


@never_cache
def come_back(request: HttpRequest) -> HttpResponse:
    """The provider leads here; whom it names is signed in."""
    if settings.OIDC is None:
        raise Http404
    try:
        person = find_person(oidc.finish_sign_in(request))
    except (oidc.SsoFailed, SsoRefused) as error:
        record_failure(settings.OIDC.issuer[:40], "single sign-on")
        return render_sign_in(request, refused=error.message, status=error.status)
    target = request.session.pop(NEXT, "")
    note_way("single sign-on")
    login(request, person, backend=BACKEND)
    request.session[CHECKED] = request.session[THERE] = True
    request.session.set_expiry(SESSION_S)
    finish_sign_in(request)
    allowed = {request.get_host()}
    good = url_has_allowed_host_and_scheme(target, allowed, request.is_secure())
    return redirect(target if good else "overview")


class SignOut(LogoutView):
    """POST ends the session here. Who came from the provider may end the one there as well: a link and no
    redirect, since other programs may use it, and pages send forms to nobody else."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        by_provider = settings.OIDC is not None and request.session.get(THERE)
        response = super().post(request, *args, **kwargs)
        return redirect(f"{reverse('login')}?left=sso") if by_provider else response


@never_cache
def sign_out_there(request: HttpRequest) -> HttpResponse:
    """Leads to where the provider ends its session."""
    if settings.OIDC is None:
        raise Http404
    if wait := take(f"sso:{address_of(request)}", 1, MOST_A_MINUTE):
        return refuse_crowd(request, wait)
    try:
        place = oidc.find_sign_out(request.build_absolute_uri(reverse("login")))
    except oidc.SsoFailed as error:
        return render_sign_in(request, refused=error.message, status=error.status)
    if place is None:
        refused = "The provider has no page for signing out: sign out on its own pages."
        return render_sign_in(request, refused=refused, status=404)
    return redirect(place)
