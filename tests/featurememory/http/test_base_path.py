"""Under https://example.com/memory/ every address begins with /memory/, and none is lost."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.wsgi import get_wsgi_application
from django.test import Client, RequestFactory
from django.urls import set_script_prefix

from featurememory.environment import read_base_path
from featurememory.http.base_path import PlacedFiles, enter_base_path, is_base_path, place_path
from featurememory.http.trusted_proxies import TrustedProxies
from featurememory.models import Activity, Project
from tests.builders import NOON, caller, item, learned, project
from tests.featurememory.http.test_trusted_proxies import PROXY
from tests.integration.api.test_authentication import filled
from tests.integration.views.test_roles import PAGES
from tests.web import browser, person, text_of

BASE = "/memory"
# What in a page leads somewhere, or loads something.
LEADS = re.compile(r'\s(?:href|src|action|hx-get|hx-post|data-plotly)="([^"]*)"')


class PlainPlacedFiles(PlacedFiles, StaticFilesStorage):
    """As in production, without collecting them first."""


@pytest.fixture(autouse=True)
def _at_the_root_again() -> Iterator[None]:
    yield
    set_script_prefix("/")


@pytest.fixture
def under(settings: Any) -> None:
    """As WSGI's handler does for each request; the test client does not."""
    storage = {"BACKEND": f"{__name__}.{PlainPlacedFiles.__name__}"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}
    set_script_prefix(f"{BASE}/")


def seen(path: str, peer: str = "10.0.0.1", base: str = "", prefix: str = "") -> tuple[str, str]:
    """SCRIPT_NAME and PATH_INFO as the application gets them."""
    found: dict[str, Any] = {}

    def application(environ: dict[str, Any], _: Any) -> Iterable[bytes]:
        found.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "PATH_INFO": path, "HTTP_X_FORWARDED_PREFIX": prefix}
    TrustedProxies(application, [PROXY], https=False, base=base)(environ, None)
    return found.get("SCRIPT_NAME", ""), found["PATH_INFO"]


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/memory/patterns/", "/patterns/"),
        ("/patterns/", "/patterns/"),  # the proxy has taken it off
        ("/memory", "/"),
        ("/memory/", "/"),
        ("/memoryless/", "/memoryless/"),
    ],
)
def test_the_base_path_comes_off_whether_the_proxy_does_it_or_not(path: str, inside: str) -> None:
    assert seen(path, base=BASE) == (BASE, inside)
    assert seen(path, prefix=f"{BASE}/") == (BASE, inside)


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "/a/../b", "https://evil", "/a b", "/a?b", "/<b>", "/" + "a" * 99]
)
def test_a_prefix_that_is_no_path_counts_for_nothing(prefix: str) -> None:
    assert seen("/patterns/", prefix=prefix) == ("", "/patterns/")
    assert not is_base_path(prefix)


def test_a_prefix_counts_from_trusted_proxies_only() -> None:
    assert seen("/patterns/", peer="203.0.113.9", prefix=BASE) == ("", "/patterns/")
    assert seen("/patterns/", peer="203.0.113.9", prefix="/other", base=BASE)[0] == BASE
    assert seen("/patterns/", prefix="/other", base=BASE)[0] == "/other"


@pytest.mark.parametrize("text", ["memory", "/memory", "/memory/", " memory/ "])
def test_the_setting_may_be_written_with_any_slashes(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FM_BASE_PATH", text)

    assert read_base_path("FM_BASE_PATH") == BASE


def test_a_setting_that_is_no_path_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_BASE_PATH", "https://example.com/memory")
    with pytest.raises(SystemExit, match="FM_BASE_PATH cannot be used"):
        read_base_path("FM_BASE_PATH")


def test_only_our_own_paths_are_placed(under: None) -> None:
    assert place_path("/keys/?a=b") == "/memory/keys/?a=b"
    assert place_path("https://example.com/") == "https://example.com/"
    assert place_path("//example.com/") == "//example.com/"


def lived(owner: Project) -> dict[str, str]:
    (pattern, *_) = learned(owner, 12, tasks=2)
    Activity.objects.create(
        project=owner, actor="ann", verb="edit", summary="s", link=f"/patterns/{pattern.pk}/"
    )
    return {"pattern_id": str(pattern.pk), "interaction_id": "i-1"}


def strays(page: str) -> list[str]:
    """Addresses of this server that are not under the base path."""
    found = [lead for lead in LEADS.findall(page) if lead.startswith("/")]
    assert found
    return [lead for lead in found if not f"{lead}/".startswith(f"{BASE}/")]


def places_of(answer: Any) -> list[str]:
    """Where an answer leads, out of the base path."""
    if answer.status_code in (301, 302):
        return [] if answer["Location"].startswith(f"{BASE}/") else [answer["Location"]]
    is_page = answer.get("Content-Type", "").startswith("text/html") and b"<main" in answer.content
    return strays(text_of(answer)) if is_page else []


@pytest.mark.django_db
def test_every_page_leads_nowhere_else(under: None) -> None:
    names = {"pk": "1", "token": "x", **lived(project("shop"))}
    client = browser(person("ada", superuser=True))
    paths = [filled(path, names) for path in PAGES]
    paths += ["search/?q=i-1", "search/?q=", "nowhere/", "patterns/?status=drifting"]
    paths += ["admin/", "admin/featurememory/featurememoryconfig/", "admin/auth/user/add/"]

    found = {path: places_of(client.get(f"/{path}", SCRIPT_NAME=BASE)) for path in paths}

    assert {path: lost for path, lost in found.items() if lost} == {}


@pytest.mark.django_db
def test_get_started_names_the_whole_address(under: None) -> None:
    project("shop")
    client = browser(person("ada", superuser=True))

    page = html.unescape(text_of(client.post("/start/", SCRIPT_NAME=BASE)))

    lines = set(re.findall(r"http://testserver[^\s\"<]*", page))
    assert lines
    assert all(line.startswith("http://testserver/memory") for line in lines), lines
    assert any("/memory/client/featurememory_client-" in line for line in lines)


@pytest.mark.django_db
def test_the_next_page_of_a_list_and_problems_are_under_it(owner: Project, under: None) -> None:
    learned(owner, 12, tasks=2)
    headers = caller(owner, "ro").headers
    page = Client().get("/api/v1/interactions/?limit=2", headers=headers, SCRIPT_NAME=BASE)
    lost = Client().get("/api/v1/patterns/x/", headers=headers, SCRIPT_NAME=BASE)

    assert "/memory/api/v1/interactions/?" in page["Link"]
    assert lost.json()["instance"] == "/memory/api/v1/patterns/x/"


@pytest.mark.django_db
def test_the_description_of_the_api_says_where_it_begins(under: None) -> None:
    schema = Client().get("/api/v1/schema/", SCRIPT_NAME=BASE).json()

    assert schema["servers"] == [{"url": BASE}]
    assert strays(text_of(Client().get("/api/v1/docs/", SCRIPT_NAME=BASE))) == []


@pytest.mark.django_db
def test_sign_in_leads_there_and_back(under: None) -> None:
    project("shop")
    person("lea")
    client = Client(SCRIPT_NAME=BASE)
    place = client.get("/patterns/?q=a")["Location"]
    assert place == "/memory/login/?next=/memory/patterns/%3Fq%3Da"
    form = {"username": "lea", "password": "look-42-twice", "next": "/memory/patterns/?q=a"}

    assert client.post("/login/", form)["Location"] == "/memory/patterns/?q=a"
    part = Client().get("/live/", SCRIPT_NAME=BASE, headers={"HX-Request": "true"})
    assert part["HX-Redirect"].startswith("/memory/login/?next=/memory/")


@pytest.mark.django_db(transaction=True)
def test_the_whole_application_lives_under_it(settings: Any) -> None:
    """Through the wrapper and Django's own handler, as the server runs them."""
    owner = project("shop")
    application = TrustedProxies(get_wsgi_application(), [], https=False, base=BASE)

    def ask(method: str, path: str, body: bytes = b"", **more: Any) -> tuple[str, dict[str, str]]:
        told: dict[str, Any] = {}
        environ = RequestFactory().request(REQUEST_METHOD=method, PATH_INFO=path, **more).environ
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told.update(status=status, headers=dict(headers))

        for _ in application(environ, start):
            pass
        return told["status"], told["headers"]

    key = caller(owner, "rw").headers["Authorization"]
    sent = json.dumps(item(1, timestamp=NOON)).encode()
    head = {"CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": key}
    assert ask("POST", "/memory/api/v1/interactions/", sent, **head)[0].startswith("201")
    status, headers = ask("GET", "/memory/patterns/")
    assert (status[:3], headers["Location"][:15]) == ("302", "/memory/login/?")
    assert ask("GET", "/memory/health/ready")[0].startswith("200")


def test_a_base_path_is_entered_once() -> None:
    environ = {"PATH_INFO": "/memory/memory/x"}
    enter_base_path(environ, BASE)

    assert environ == {"SCRIPT_NAME": BASE, "PATH_INFO": "/memory/x"}
