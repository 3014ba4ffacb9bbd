"""Sign-in by form or one-time link, and the choice of theme and project."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from featurememory.access import second_factor, sign_in_limits
from featurememory.access.preferences import save_preferences
from featurememory.access.sessions import record_sign_in
from featurememory.audit.origin import note_way
from featurememory.models import LoginLink
from featurememory.page_access import list_projects, page
from integration.views.people.waiting_sign_in import wait_for_code

YEAR_S = 31_536_000
NO_PASSWORDS = "This server takes no passwords (FM_PASSWORD_SIGN_IN)."
BACKEND = "featurememory.access.people_backend.PeopleBackend"


class SignInForm(AuthenticationForm):
    """Django's form behind the limits: `SignInRefused` is answered by the view."""

    @sensitive_variables("password")
    def clean(self) -> dict[str, Any]:
        name, address = self.cleaned_data.get("username") or "", address_of(self.request)
        sign_in_limits.refuse_throttled(name, address)
        with sign_in_limits.take_hash_turn():
            # Again: those who waited may have used up what was left.
            sign_in_limits.refuse_throttled(name, address)
            try:
                return super().clean()
            except forms.ValidationError:
                known = get_user_model().objects.filter(username=name).exists()
                sign_in_limits.note_failure(name, address, known=known)
                raise


class SignIn(LoginView):
    template_name = "login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        left = settings.OIDC is not None and self.request.GET.get("left") == "sso"
        return super().get_context_data(**more) | list_ways() | {"left_sso": left}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        target = self.get_redirect_url()
        if not settings.PASSWORD_SIGN_IN:
            return render_sign_in(request, refused=NO_PASSWORDS, target=target, status=403)
        try:
            return super().post(request, *args, **kwargs)
        except sign_in_limits.SignInRefused as error:
            response = render_sign_in(
                request, refused=error.message, target=target, status=error.status
            )
            response.headers["Retry-After"] = str(error.retry_after)
            return response

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Signs in, or asks for the code first."""
        person = form.get_user()
        if second_factor.is_enabled(person):
            wait_for_code(self.request, person, self.get_success_url())
            return redirect("login_code")
        note_way("password")
        response = super().form_valid(form)
        finish_sign_in(self.request)
        return response


sign_in = SignIn.as_view()


def list_ways() -> dict[str, bool]:
    """What the page offers."""
    return {"passwords": settings.PASSWORD_SIGN_IN, "sso": settings.OIDC is not None}


def render_sign_in(
    request: HttpRequest, *, refused: str, target: str = "", status: int
) -> HttpResponse:
    """The page again, with why it was not possible."""
    context = {"refused": refused, "next": target, **list_ways()}
    return render(request, "login.html", context, status=status)


def address_of(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


def finish_sign_in(request: HttpRequest) -> None:
    """What follows every sign-in: its session is listed, its account counts from 0."""
    record_sign_in(request, address_of(request))
    sign_in_limits.note_success(request.user.get_username(), address_of(request))


@never_cache
def sign_in_once(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a page that asks, so that programs which look at links use nothing up; POST signs in."""
    link = LoginLink.find(token)
    if link is None:
        if not request.user.is_authenticated:
            messages.warning(request, "This link was used before or is too old. Sign in instead.")
        return redirect("overview")
    if request.method != "POST":
        return render(request, "login_once.html", {"name": link.user.get_username()})
    user = LoginLink.use(token)
    if user is not None:
        note_way("one-time link")
        login(request, user, backend=BACKEND)
        finish_sign_in(request)
    return redirect("overview")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme for the person, and as a cookie for this browser."""
    response = redirect_back(request)
    chosen = request.POST.get("theme")
    if chosen in ("light", "dark"):
        if request.user.is_authenticated:
            save_preferences(request.user, theme=chosen)
        response.set_cookie(
            "theme", chosen, max_age=YEAR_S, samesite="Lax", path=reverse("overview")
        )
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
