"""The second factor on pages: asked for at sign-in, set up, and asked for by the server."""

from __future__ import annotations

import re
import time
from io import StringIO
from typing import Any

import pyotp
import pytest
from django.core.management import call_command
from django.test import Client

from featurememory.access import second_factor
from featurememory.models import AuditEntry, SignedInBrowser
from integration.views.people.waiting_sign_in import NAME
from tests.builders import project
from tests.web import browser, enroll, member, person, text_of

pytestmark = pytest.mark.django_db
RIGHT = "look-42-twice"
PAGE = "/account/second-factor/"


def next_code(secret: str) -> str:
    return pyotp.TOTP(secret).at(int(time.time()) + 30)


def give_password(client: Client, name: str = "lea", target: str = "") -> Any:
    form = {"username": name, "password": RIGHT, "next": target}
    return client.post("/login/", form)


def test_the_password_alone_opens_nothing() -> None:
    project("shop")
    enroll(person("lea"))
    client = Client()

    assert give_password(client)["Location"] == "/login/code/"
    assert client.get("/patterns/")["Location"].startswith("/login/")
    assert not SignedInBrowser.objects.exists()


def test_password_and_code_lead_to_where_one_wanted_to_go() -> None:
    project("shop")
    secret, _ = enroll(person("lea"))
    client = Client()
    give_password(client, target="/patterns/?q=a")
    before = client.cookies["sessionid"].value
    assert "wrong" in text_of(client.post("/login/code/", {"code": "000000"}))

    answer = client.post("/login/code/", {"code": next_code(secret)})

    assert answer["Location"] == "/patterns/?q=a"
    assert client.cookies["sessionid"].value != before
    assert client.get("/account/").status_code == 200
    assert client.session.get_expiry_age() > 13 * 86400
    told = AuditEntry.objects.filter(action="login.ok").latest("number")
    assert told.reason == "by password and code"


def test_a_recovery_code_signs_in_too_and_the_log_says_so() -> None:
    _, codes = enroll(person("lea"))
    client = Client()
    give_password(client)

    assert client.post("/login/code/", {"code": codes[0]}).status_code == 302
    told = AuditEntry.objects.filter(action="login.ok").latest("number")
    assert told.reason == "by password and recovery code"


def test_without_a_password_given_before_there_is_no_code_to_enter() -> None:
    secret, _ = enroll(person("lea"))
    client = Client()

    assert client.get("/login/code/")["Location"] == "/login/"
    answer = client.post("/login/code/", {"code": next_code(secret)})
    assert answer["Location"] == "/login/"


def test_the_moment_for_the_code_ends_and_ends_with_a_new_password() -> None:
    lea = person("lea")
    secret, _ = enroll(lea)
    late, changed = Client(), Client()
    for client in (late, changed):
        give_password(client)
    session = late.session
    session[NAME] = session[NAME] | {"at": time.time() - 601}
    session.save()
    assert late.post("/login/code/", {"code": next_code(secret)})["Location"] == "/login/"

    lea.set_password("another-one-7")
    lea.save()
    assert changed.post("/login/code/", {"code": next_code(secret)})["Location"] == "/login/"


def test_too_many_wrong_codes_are_429_with_retry_after() -> None:
    _, codes = enroll(person("lea"))
    client = Client()
    give_password(client)
    for _ in range(5):
        client.post("/login/code/", {"code": "000000"})

    refused = client.post("/login/code/", {"code": codes[0]})

    assert (refused.status_code, "Retry-After" in refused) == (429, True)
    assert give_password(Client()).status_code == 429


def test_it_is_set_up_by_a_picture_and_a_first_code() -> None:
    project("shop")
    lea = person("lea")
    client = browser(lea)
    assert "<svg" not in text_of(client.get(PAGE)).partition("<main")[2].replace(
        '<svg class="icon"', ""
    )
    client.post(PAGE, {"action": "begin"})
    page = text_of(client.get(PAGE))
    assert 'class="segno"' in page
    assert "style=" not in page[page.index('class="segno"') :]
    secret = "".join(re.findall(r'<code class="mono">([A-Z2-7 ]+)</code>', page)[0].split())

    shown = text_of(client.post(PAGE, {"action": "confirm", "code": pyotp.TOTP(secret).now()}))

    codes = re.findall(r"[0-9a-f]{4}(?:-[0-9a-f]{4}){3}", shown)
    assert len(codes) == 10
    assert secret not in text_of(client.get(PAGE))
    assert not set(codes) & set(re.findall(r"[0-9a-f-]{19}", text_of(client.get(PAGE))))
    assert AuditEntry.objects.get(action="factor.enabled").object == "lea"


@pytest.mark.parametrize("action", ["remove", "renew", "nonsense"])
def test_an_open_browser_alone_changes_nothing(action: str) -> None:
    project("shop")
    lea = person("lea")
    _, codes = enroll(lea)

    page = text_of(browser(lea).post(PAGE, {"action": action, "code": "000000"}))

    assert "code is wrong" in page
    assert second_factor.accept_code(lea, codes[0])


def test_what_asks_for_nothing_known_changes_nothing() -> None:
    project("shop")
    lea = person("lea")
    _, codes = enroll(lea)

    browser(lea).post(PAGE, {"action": "nonsense", "code": codes[0]})

    assert second_factor.accept_code(lea, codes[1])


def test_it_is_taken_away_with_a_code_or_by_command() -> None:
    project("shop")
    lea = person("lea")
    for _ in range(2):
        _, codes = enroll(lea)
        assert browser(lea).post(PAGE, {"action": "remove", "code": codes[0]}).status_code == 302
    enroll(lea)
    out = StringIO()
    call_command("reset_second_factor", user="lea", stdout=out)

    assert "password alone" in out.getvalue()
    assert not second_factor.is_enabled(lea)
    assert AuditEntry.objects.filter(action="factor.removed").count() == 3


def test_superusers_take_it_away_in_the_admin() -> None:
    lea = person("lea")
    enroll(lea)
    action = {"action": "reset_second_factor", "_selected_action": [lea.pk]}

    browser(person("root", superuser=True)).post("/admin/auth/user/", action)

    assert not second_factor.is_enabled(lea)


@pytest.mark.parametrize(
    ("asked", "role", "led"),
    [
        ("admins", "admin", True),
        ("admins", "editor", False),
        ("everyone", "viewer", True),
        ("optional", "admin", False),
    ],
)
def test_who_must_have_one_is_led_to_set_it_up(
    asked: str, role: str, led: bool, settings: Any
) -> None:
    settings.SECOND_FACTOR = asked
    project("shop")
    client = browser(member("lea", shop=role))

    answer = client.get("/patterns/")

    assert (answer.status_code, answer.get("Location")) == ((302, PAGE) if led else (200, None))
    assert client.get(PAGE).status_code == 200
    assert client.get("/admin/").status_code == 302 or not led


def test_once_it_is_on_every_page_opens(settings: Any) -> None:
    settings.SECOND_FACTOR = "everyone"
    project("shop")
    lea = person("lea")
    client = browser(lea)
    enroll(lea)

    assert client.get("/patterns/").status_code == 200
    second_factor.remove_factor(lea)
    assert browser(lea).get("/patterns/")["Location"] == PAGE


def test_parts_of_pages_lead_the_whole_browser_there(settings: Any) -> None:
    settings.SECOND_FACTOR = "everyone"
    project("shop")

    answer = browser(person("lea")).get("/live/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == PAGE
