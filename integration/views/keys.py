"""API keys: create, show once, revoke. A key is never stronger than the role of whoever makes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from featurememory.access import roles
from featurememory.models import Activity, Project
from featurememory.page_access import changing, current_project, may_change, page, role_of
from integration.models import ApiKey

DAYS = [("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]


class KeyForm(forms.Form):
    name = forms.CharField(max_length=100, required=False)
    kind = forms.ChoiceField()
    expires = forms.ChoiceField(choices=DAYS, required=False)

    def __init__(self, role: str, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        kinds = roles.list_kinds(role)
        choices = [(kind, title) for kind, title in ApiKey.KeyKind.choices if kind in kinds]
        field = cast(forms.ChoiceField, self.fields["kind"])
        field.choices = choices
        field.error_messages["invalid_choice"] = (
            f"As {role} of this project you can make keys of these kinds: {', '.join(kinds)}."
        )


@page
def list_keys(request: HttpRequest) -> HttpResponse:
    """The list of keys; a key just created is shown once, in the answer to the POST that made it."""
    if request.method == "POST":
        return create_key(request)
    return render_keys(request, KeyForm(role_of(request), initial={"kind": "in"}))


def render_keys(
    request: HttpRequest, form: KeyForm, fresh: str = "", status: int = 200
) -> HttpResponse:
    rows = ApiKey.objects.filter(project=current_project(request)).select_related("maker")
    keys = list_with_rights(request, rows)
    context = {"keys": keys, "form": form, "fresh": fresh, "now": timezone.now()}
    response = render(request, "keys.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def list_with_rights(request: HttpRequest, rows: Iterable[ApiKey]) -> list[ApiKey]:
    """The keys, each with whether this person may revoke it; one query for each maker, not each key."""
    found, scopes_by_maker = list(rows), dict[Any, frozenset[str]]()
    for key in found:
        key.revocable = key.revoked_at is None and may_revoke(request, key)  # type: ignore[attr-defined]
        if key.maker_id not in scopes_by_maker:
            role = roles.role_in(key.maker, key.project_id)
            scopes_by_maker[key.maker_id] = roles.ROLE_SCOPES[role]
        if key.made_by:
            key.scopes = roles.SCOPES[key.kind] & scopes_by_maker[key.maker_id]
    return found


@changing
def create_key(request: HttpRequest) -> HttpResponse:
    """The answer itself shows the key: it is stored nowhere, not even in the session."""
    form = KeyForm(role_of(request), request.POST)
    if not form.is_valid():
        return render_keys(request, form, status=422)
    days = form.cleaned_data["expires"]
    expires = timezone.now() + timedelta(days=int(days)) if days else None
    project, name = current_project(request), form.cleaned_data["name"]
    key, text = ApiKey.create(project, form.cleaned_data["kind"], name, expires, request.user)
    record_key_change(request, project, "create key", f"Created API key {describe_key(key)}")
    return render_keys(request, KeyForm(role_of(request), initial={"kind": "in"}), text)


def may_revoke(request: HttpRequest, key: ApiKey) -> bool:
    """Keys of the kinds one may make, and one's own whatever became of one's role."""
    if key.maker_id is not None and key.maker_id == request.user.pk:
        return True
    return may_change(request) and key.kind in roles.list_kinds(role_of(request))


@page
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, POST revokes the key: programs that use it stop working at once."""
    project = current_project(request)
    key = get_object_or_404(ApiKey, pk=pk, project=project)
    if not may_revoke(request, key):
        raise PermissionDenied
    if request.method != "POST":
        return render(request, "revoke.html", {"key": key})
    if key.revoked_at is None:
        key.revoke()
        forget_known_keys()
        record_key_change(request, project, "revoke key", f"Revoked API key {describe_key(key)}")
    return redirect("keys")


def forget_known_keys() -> None:
    from integration.api.authentication import known_keys

    known_keys.clear()


def describe_key(key: ApiKey) -> str:
    return f"{key.name or 'unnamed'} (fm_{key.kind}_{key.public}_…)"


def record_key_change(request: HttpRequest, project: Project, verb: str, summary: str) -> None:
    Activity.objects.create(
        project=project,
        actor=request.user.get_username(),
        verb=verb,
        summary=summary,
        link="/keys/",
    )
