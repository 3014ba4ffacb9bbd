"""Sign-in by a header of a trusted proxy."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from featurememory.access.header_sign_in import GROUPS, USER
from featurememory.models import AuditEntry, LoginLink, ProjectRole, SignedInBrowser
from featurememory.sign_in_settings import RoleGrant
from tests.builders import caller, item, project
from tests.web import person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _header(settings: Any) -> None:
    settings.SSO_HEADER = "X_REMOTE_USER"
    settings.SSO_ROLES = (RoleGrant("shop", "viewer"),)
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        "featurememory.access.header_sign_in.HeaderBackend",
    ]
    project("shop")


def named(name: str, groups: str = "") -> dict[str, Any]:
    """What the wrapper around the application hands on of a trusted proxy."""
    return {USER: name.encode().decode("latin-1"), GROUPS: groups}


def test_whom_the_proxy_names_is_signed_in_and_made_when_new() -> None:
    client = Client()
    for _ in range(2):
        assert client.get("/patterns/", **named("Zoë")).status_code == 200

    lea = User.objects.get()
    assert (lea.username, lea.has_usable_password(), lea.is_superuser) == ("Zoë", False, False)
    assert ProjectRole.objects.get(user=lea).role == "viewer"
    assert SignedInBrowser.objects.get().user == lea
    told = AuditEntry.objects.get(action="login.ok")
    assert told.reason == "by a header of the proxy"


def test_the_header_itself_means_nothing_inside() -> None:
    """Only the wrapper reads it, and only from trusted proxies."""
    answer = Client().get("/patterns/", headers={"X-Remote-User": "admin"})

    assert answer.status_code == 302
    assert not User.objects.exists()


def test_whom_the_proxy_no_longer_names_is_signed_out() -> None:
    client = Client()
    client.get("/patterns/", **named("lea"))

    assert client.get("/patterns/")["Location"].startswith("/login/")


def test_another_name_in_the_same_browser_is_another_person() -> None:
    client = Client()
    client.get("/patterns/", **named("lea"))

    answer = client.get("/account/", **named("tom"))

    assert answer.wsgi_request.user.username == "tom"


def test_who_came_by_a_link_stays_without_the_header() -> None:
    client = Client()
    client.post(f"/login/once/{LoginLink.make(person('lea'))}/")

    assert client.get("/patterns/").status_code == 200


@pytest.mark.parametrize("name", [" ", "a b", "x" * 151, "<b>", "a,b", "a\x00b"])
def test_a_name_nobody_can_have_signs_nobody_in(name: str) -> None:
    assert Client().get("/patterns/", **named(name)).status_code == 302
    assert not User.objects.exists()


def test_a_closed_account_stays_closed() -> None:
    User.objects.create_user("lea", is_active=False)

    assert Client().get("/patterns/", **named("lea")).status_code == 302


def test_roles_follow_the_groups_whenever_the_proxy_names_others(settings: Any) -> None:
    settings.SSO_GROUP_ROLES = {"team": (RoleGrant("shop", "editor"),)}
    client, seen = Client(), []
    for groups in ("other", "other, team", "other, team", ""):
        client.get("/patterns/", **named("lea", groups))
        seen.append(ProjectRole.objects.get().role)

    assert seen == ["viewer", "editor", "editor", "viewer"]
    assert AuditEntry.objects.filter(action="right.granted").count() == 3


def test_programs_with_keys_get_no_session() -> None:
    owner = project("docs")
    api = caller(owner, "rw")
    answer = Client().post(
        "/api/v1/interactions/", item(1), "application/json", headers=api.headers, **named("lea")
    )

    assert answer.status_code == 201
    assert "sessionid" not in answer.cookies
    assert Client().get("/health/ready", **named("lea")).cookies == {}
    assert not User.objects.exists()


def test_the_sign_in_page_says_where_people_come_from(settings: Any) -> None:
    settings.PASSWORD_SIGN_IN = False

    assert "through a proxy" in text_of(Client().get("/login/"))
