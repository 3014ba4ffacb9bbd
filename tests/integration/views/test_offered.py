"""What pages offer is never refused: every page is walked as viewer, editor and admin of a project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.test import Client, override_settings

from featurememory.config import forget_config, patch_config
from featurememory.models import Project
from integration.jobs import queue
from integration.models import AlertRule, ApiKey
from patterns.curation import history, pruning
from patterns.models import Pattern, PatternEvent
from tests.builders import learned, pattern_row, project
from tests.optimizations.builders import routed
from tests.web import PLAIN_STATIC, browser, member

pytestmark = pytest.mark.django_db
MOST_PAGES = 600
OVER = "/logout/"  # ends the walk


class Offers(HTMLParser):
    """The addresses that a page asks for, and the changes that its forms and buttons send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.asked: set[str] = set()
        self.sent: dict[str, dict[str, str]] = {}
        self.form: dict[str, str] = {}
        self.action, self.method = "", "get"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form, self.action = {}, given.get("action", self.page)
            self.method = given.get("method", "get").lower()
        elif tag == "a" and "href" in given:
            self.asked.add(self.find(given["href"]))
        elif tag in ("input", "button", "select") and given.get("name"):
            self.form[given["name"]] = given.get("value", "")
        if (
            tag in ("input", "button")
            and given.get("type", "submit" * (tag == "button")) == "submit"
        ):
            self.press(given)
        if "hx-get" in given and tag != "form":
            self.asked.add(self.find(given["hx-get"]))
        for name in ("hx-post", "hx-put", "hx-patch", "hx-delete"):
            if name in given and tag != "form":
                self.sent[self.find(given[name])] = self.form

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.action = ""

    def press(self, button: dict[str, str]) -> None:
        """A form without a button to send it offers nothing."""
        if not (action := button.get("formaction", self.action)):
            return  # a button beside all forms
        address = self.find(action)
        if button.get("formmethod", self.method) == "post":
            self.sent[address] = self.form
        else:
            self.asked.add(address)

    def find(self, address: str) -> str:
        return urldefrag(urljoin(self.page, address)).url


@pytest.fixture
def lived(owner: Project) -> Project:
    """A project with something on every page."""
    routed(owner)
    (row, *_) = learned(owner, 12, tasks=2, start=100)
    pruning.prune_patterns(owner, Pattern.objects.filter(pk=pattern_row(owner, 77).pk), "ana")
    history.add_pattern_events(owner, [str(row.pk)], PatternEvent.NOTE, "ana", {"text": "hello"})
    queue.start_job(owner, "rollups", "ana")
    ApiKey.create(owner, "in", "service")
    AlertRule.objects.create(project=owner, name="Falling", figure="success", threshold=0.5)
    patch_config(owner.pk, {"patterns": {"confidence_threshold": 0.72}}, "ana")
    project("another")
    return owner


def walk(visitor: Client) -> Iterator[tuple[str, int, Offers]]:
    """Every page that can be reached, breadth first, with its status and what it offers."""
    waiting, seen, walked = ["/"], {shape("/")}, 0
    while waiting and walked < MOST_PAGES:
        address, walked = waiting.pop(0), walked + 1
        answer = visitor.get(address, follow=True)
        offers = Offers(answer.request["PATH_INFO"])
        if not answer.streaming and "html" in answer.get("Content-Type", ""):
            offers.feed(answer.content.decode())
        yield address, answer.status_code, offers
        for found in sorted(offers.asked):
            parts = urlsplit(found)
            if not parts.netloc and parts.path.startswith("/") and shape(found) not in seen:
                seen.add(shape(found))
                waiting.append(found)
    assert not waiting, "there are more pages than this test walks"


def shape(address: str) -> str:
    """Addresses that differ in numbers, or in the values of their query only, are one page."""
    parts = urlsplit(re.sub(r"(?<=[/-])\d+(?=/)", "n", address))
    names = sorted({one.partition("=")[0] for one in parts.query.split("&") if one})
    return f"{parts.path}?{'&'.join(names)}"


@pytest.mark.parametrize(
    ("role", "exports"), [("viewer", True), ("viewer", False), ("editor", True), ("admin", True)]
)
def test_no_link_leads_to_a_refusal(lived: Project, role: str, exports: bool) -> None:
    patch_config(lived.pk, {"privacy": {"export_by_viewers": exports}}, "ana")
    forget_config()
    with override_settings(STORAGES=PLAIN_STATIC):
        walked = {
            address: status for address, status, _ in walk(browser(member("vera", shop=role)))
        }

    assert len(walked) > 100
    assert {address for address, status in walked.items() if status in (401, 403)} == set()
    assert {address for address, status in walked.items() if status >= 500} == set()


def test_a_viewer_is_offered_no_change_that_is_refused(lived: Project) -> None:
    visitor, refused = browser(member("vera", shop="viewer")), dict[str, set[str]]()
    with override_settings(STORAGES=PLAIN_STATIC):
        for page, _, offers in walk(visitor):
            for address in offers.sent.keys() - {OVER}:
                if visitor.post(address, offers.sent[address]).status_code == 403:
                    refused.setdefault(address, set()).add(page)

    assert refused == {}
