"""The second factor: asked for at sign-in, set up, renewed and removed on a page of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache

from featurememory.access import second_factor
from featurememory.access.second_factor_gate import CHECKED, is_asked_for
from featurememory.access.sign_in_limits import SignInRefused
from featurememory.audit.origin import note_way
from integration.views.people.sign_in import BACKEND, address_of, finish_sign_in
from integration.views.people.waiting_sign_in import find_waiting, stop_waiting

WRONG = "This code is wrong, was used before, or is too old. Wait for the next one."


@never_cache
def ask_for_code(request: HttpRequest) -> HttpResponse:
    """After the right password: the code signs in."""
    waiting = find_waiting(request)
    if waiting is None:
        return redirect("login")
    if request.method != "POST":
        return render(request, "login_code.html")
    user, target = waiting
    try:
        way = second_factor.verify(user, request.POST.get("code", ""), address_of(request))
    except SignInRefused as error:
        return refuse(request, "login_code.html", error)
    if not way:
        return render(request, "login_code.html", {"wrong": WRONG})
    stop_waiting(request)
    note_way(f"password and {way}")
    login(request, user, backend=BACKEND)
    finish_sign_in(request)
    return redirect(target)


def refuse(request: HttpRequest, template: str, error: SignInRefused) -> HttpResponse:
    response = render(request, template, {"wrong": error.message}, status=error.status)
    response.headers["Retry-After"] = str(error.retry_after)
    return response


@never_cache
@login_required
def manage_factor(request: HttpRequest) -> HttpResponse:
    """GET shows it; POST begins, confirms, renews or removes. All but beginning take a code, so that
    whoever finds an open browser cannot change it."""
    if request.method != "POST":
        return render_factor(request)
    action, person = request.POST.get("action", ""), request.user
    if action == "begin":
        second_factor.begin_enrolment(person)
        return redirect("second_factor")
    if not second_factor.is_enabled(person):
        return confirm(request)
    try:
        way = second_factor.verify(person, request.POST.get("code", ""), address_of(request))
    except SignInRefused as error:
        return render_factor(request, wrong=error.message, status=error.status)
    if not way:
        return render_factor(request, wrong=WRONG)
    if action == "remove":
        second_factor.remove_factor(person)
        request.session.pop(CHECKED, None)
        return redirect("account")
    codes = second_factor.renew_recovery_codes(person) if action == "renew" else None
    return render_factor(request, codes=codes)


def confirm(request: HttpRequest) -> HttpResponse:
    codes = second_factor.confirm_enrolment(request.user, request.POST.get("code", ""))
    if codes is None:
        return render_factor(request, wrong=WRONG)
    return render_factor(request, codes=codes)


def render_factor(
    request: HttpRequest, *, codes: list[str] | None = None, wrong: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "enabled": second_factor.is_enabled(request.user),
        "asked_for": settings.SECOND_FACTOR != "optional" and is_asked_for(request),
        "codes": codes,
        "wrong": wrong,
    }
    if secret := second_factor.find_waiting_secret(request.user):
        context["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        context["picture"] = draw_code(second_factor.write_address(request.user, secret))
    return render(request, "second_factor.html", context, status=status)


def draw_code(text: str) -> str:
    """A QR code as inline SVG, dark on light in both themes, as cameras expect it."""
    import segno  # only where somebody sets one up

    drawing = segno.make(text, error="m").svg_inline(scale=4, dark="#000", light="#fff")
    return mark_safe(drawing)
