"""Signing in: limits, one-time links, sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from featurememory.access.sessions import clear_expired_sessions
from featurememory.access.sign_in_limits import ACCOUNT_LIMIT
from featurememory.models import LoginLink, SignedInBrowser
from tests.builders import project
from tests.web import person, text_of

pytestmark = pytest.mark.django_db
RIGHT = "look-42-twice"


def sign_in(client: Client, name: str, password: str) -> Any:
    return client.post("/login/", {"username": name, "password": password})


def test_after_some_wrong_passwords_the_right_one_is_refused_too() -> None:
    person("lea")
    for _ in range(ACCOUNT_LIMIT):
        assert sign_in(Client(), "lea", "wrong").status_code == 200

    refused = sign_in(Client(), "lea", RIGHT)

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "Too many wrong passwords" in text_of(refused)


def test_looking_at_a_login_link_signs_nobody_in_and_uses_nothing_up() -> None:
    link = f"/login/once/{LoginLink.make(person('lea'))}/"
    client = Client()
    for ask in (client.head, client.get, client.head, client.options):
        assert ask(link).status_code == 200
    assert "_auth_user_id" not in client.session
    assert "Sign in as lea?" in text_of(client.get(link))

    response = client.post(link, follow=True)

    assert response.wsgi_request.user.username == "lea"
    assert "used before or is too old" in text_of(Client().post(link, follow=True))


def test_a_login_link_ends_after_a_quarter_of_an_hour() -> None:
    link = f"/login/once/{LoginLink.make(person('lea'))}/"
    LoginLink.objects.update(created_at=timezone.now() - timedelta(minutes=15, seconds=1))

    assert "used before or is too old" in text_of(Client().post(link, follow=True))


def two_browsers() -> tuple[Client, Client]:
    project("shop")
    person("lea")
    found = Client(headers={"user-agent": "first"}), Client(headers={"user-agent": "second"})
    for client in found:
        assert sign_in(client, "lea", RIGHT).status_code == 302
    return found


def test_sessions_are_listed_and_ended_one_by_one() -> None:
    first, second = two_browsers()
    page = text_of(first.get("/account/"))
    assert "first" in page
    assert "second" in page

    other = SignedInBrowser.objects.get(agent="second")
    assert first.post(f"/account/sessions/{other.pk}/end/").status_code == 302
    assert second.get("/account/").status_code == 302  # to the sign-in
    assert first.get("/account/").status_code == 200


def test_all_other_sessions_end_at_once() -> None:
    first, second = two_browsers()

    second.post("/account/sessions/end/")

    assert first.get("/account/")["Location"].startswith("/login/")
    assert "second" in text_of(second.get("/account/"))


def test_nobody_ends_the_session_of_another() -> None:
    first, _ = two_browsers()
    person("tom")
    stranger = Client()
    sign_in(stranger, "tom", RIGHT)
    row = SignedInBrowser.objects.get(agent="first")

    assert stranger.post(f"/account/sessions/{row.pk}/end/").status_code == 404
    assert first.get("/account/").status_code == 200


def test_a_new_password_ends_the_other_sessions_and_is_judged() -> None:
    first, second = two_browsers()
    form = {"old_password": RIGHT, "new_password1": "a", "new_password2": "a"}
    assert "too short" in text_of(first.post("/account/password/", form))
    good = {"new_password1": "four-words-22", "new_password2": "four-words-22"}

    assert first.post("/account/password/", form | good).status_code == 302
    assert "this one" in text_of(first.get("/account/"))
    assert second.get("/account/").status_code == 302


def test_expired_sessions_are_cleared() -> None:
    two_browsers()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    clear_expired_sessions()

    assert (Session.objects.count(), SignedInBrowser.objects.count()) == (0, 0)
