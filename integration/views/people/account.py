"""The own account: where one is signed in, ending sessions, a new password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from featurememory.access import second_factor, sessions
from featurememory.access.browser_names import name_browser
from featurememory.access.preferences import preferences_of, save_preferences
from integration.views.people.preferences_form import PreferencesForm
from integration.views.people.sign_in import address_of


@login_required
def show_account(request: HttpRequest, form: PreferencesForm | None = None) -> HttpResponse:
    person: Any = request.user
    context = {
        "sessions": [(one, name_browser(one.agent)) for one in sessions.list_sessions(person)],
        "here": request.session.session_key,
        "has_password": settings.PASSWORD_SIGN_IN and person.has_usable_password(),
        "form": form or PreferencesForm(instance=preferences_of(person)),
        "has_factor": second_factor.is_enabled(person),
    }
    return render(request, "account.html", context, status=422 if form else 200)


@require_POST
@login_required
def change_preferences(request: HttpRequest) -> HttpResponse:
    """Time zone and numbers, on every device; again the page when something is wrong."""
    form = PreferencesForm(request.POST, instance=preferences_of(request.user))
    if not form.is_valid():
        return show_account(request, form)
    save_preferences(request.user, **form.cleaned_data)
    messages.success(request, "Saved. Tables and charts follow at once.")
    return redirect("account")


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    if not sessions.end_session(request.user, pk):
        raise Http404
    return redirect("account")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    sessions.end_all_sessions(request.user, but=request.session.session_key)
    return redirect("account")


class ChangePassword(PasswordChangeView):
    template_name = "password.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        """Django ends the other sessions and gives this one a new key, under which it is listed."""
        response = super().form_valid(form)
        sessions.record_sign_in(self.request, address_of(self.request))
        return response


change_password = ChangePassword.as_view()
