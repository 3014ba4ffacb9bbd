"""API keys: create, show once, revoke. Only people with change permission see the controls."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from featurememory.models import Activity, Project
from featurememory.page_access import changing, current_project, page
from integration.models import ApiKey

DAYS = [("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]


class KeyForm(forms.Form):
    name = forms.CharField(max_length=100, required=False)
    kind = forms.ChoiceField(choices=ApiKey.KeyKind.choices)
    expires = forms.ChoiceField(choices=DAYS, required=False)


@page
def list_keys(request: HttpRequest) -> HttpResponse:
    """The list of keys; a key just created is shown once."""
    if request.method == "POST":
        return create_key(request)
    fresh = request.session.pop("fresh_key", "")
    return render_keys(request, KeyForm(initial={"kind": "in"}), fresh)


def render_keys(
    request: HttpRequest, form: KeyForm, fresh: str = "", status: int = 200
) -> HttpResponse:
    project = current_project(request)
    context = {
        "keys": ApiKey.objects.filter(project=project),
        "form": form,
        "fresh": fresh,
        "now": timezone.now(),
    }
    return render(request, "keys.html", context, status=status)


@changing
def create_key(request: HttpRequest) -> HttpResponse:
    form = KeyForm(request.POST)
    if not form.is_valid():
        return render_keys(request, form, status=422)
    days = form.cleaned_data["expires"]
    expires = timezone.now() + timedelta(days=int(days)) if days else None
    project, name = current_project(request), form.cleaned_data["name"]
    key, text = ApiKey.create(project, form.cleaned_data["kind"], name, expires)
    record_key_change(request, project, "create key", f"Created API key {describe_key(key)}")
    request.session["fresh_key"] = text
    return redirect("keys")


@changing
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, POST revokes the key: programs that use it stop working at once."""
    project = current_project(request)
    key = get_object_or_404(ApiKey, pk=pk, project=project)
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
