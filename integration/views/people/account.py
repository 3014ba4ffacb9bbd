"""The own account: where one is signed in, ending sessions, a new password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from featurememory.access import second_factor, sessions
from integration.views.people.sign_in import address_of


@login_required
def show_account(request: HttpRequest) -> HttpResponse:
    person: Any = request.user
    context = {
        "sessions": sessions.list_sessions(person),
        "here": request.session.session_key,
        "has_password": settings.PASSWORD_SIGN_IN and person.has_usable_password(),
        "has_factor": second_factor.is_enabled(person),
    }
    return render(request, "account.html", context)


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
