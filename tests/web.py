"""What tests of the pages start from: people, signed-in browsers without a window, small looks."""

from __future__ import annotations

import re
from typing import Any

import pyotp
from django.contrib.auth import get_user_model
from django.test import Client

from featurememory.access import second_factor
from featurememory.models import Project, ProjectRole

PLAIN_STATIC = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
HTMX = {"HX-Request": "true"}


def person(name: str, *, may_change: bool = False, superuser: bool = False) -> Any:
    users = get_user_model().objects
    user = users.create_user(
        name, password="look-42-twice", is_superuser=superuser, is_staff=superuser
    )
    role = "editor" if may_change else "viewer"
    ProjectRole.objects.create(user=user, role=role)
    return user


def member(name: str, **by_project: str) -> Any:
    """A person with these roles, by the names of projects, and none elsewhere."""
    user = get_user_model().objects.create_user(name)
    for project, role in by_project.items():
        ProjectRole.objects.create(user=user, project=Project.objects.get(name=project), role=role)
    return user


def enroll(user: Any) -> tuple[str, list[str]]:
    """Turns a second factor on; its secret, and the recovery codes."""
    second_factor.begin_enrolment(user)
    secret = second_factor.find_waiting_secret(user) or ""
    codes = second_factor.confirm_enrolment(user, pyotp.TOTP(secret).now())
    assert codes
    return secret, codes


def browser(user: Any) -> Client:
    made = Client()
    made.force_login(user)
    return made


def text_of(response: Any) -> str:
    return str(response.content.decode())


def count_of(viewer: Client, name: str, query: str) -> str:
    """What a list says about how many rows a query has."""
    answer = text_of(viewer.get(f"/lists/{name}/counts/", {"tab0": query}, headers=HTMX))
    found = re.search(r'<span id="tab0"[^>]*>([^<]*)<', answer)
    assert found, answer
    return found[1]


def ids_in(response: Any) -> list[str]:
    """The ids of the rows, in their order."""
    return re.findall(r'<tr[^>]* data-id="([^"]+)"', text_of(response))
