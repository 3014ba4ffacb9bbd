"""Webhooks: signed, tried again, never to private addresses, never in anybody's way."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from django.utils import timezone

from featurememory import outgoing
from featurememory.models import Project
from integration.alerts import delivery, evaluation
from integration.models import AlertDelivery, AlertRule
from tests.builders import project

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com:8443/in?x=1"


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """hooks.example.com is public, inside.example.com is not."""
    known = {"hooks.example.com": "93.184.216.34", "inside.example.com": "10.1.2.3"}

    def look_up(host: str, port: int) -> list[Any]:
        import ipaddress

        return [ipaddress.ip_address(known[host])] if host in known else []

    monkeypatch.setattr(outgoing, "look_up", look_up)


@pytest.fixture
def owner() -> Project:
    return project("shop")


def waiting(owner: Project, **more: Any) -> AlertDelivery:
    values = {"name": "Calls", "figure": "calls", "webhook_url": URL} | more
    rule = AlertRule.objects.create(project=owner, **values)
    return AlertDelivery.objects.get(notice=evaluation.try_rule(rule))


class Hook(httpx.BaseTransport):
    """Answers with these statuses in turn; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.requests = list(answers), []  # type: ignore[var-annotated]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, headers={"Location": "http://127.0.0.1/"})


def test_a_message_is_signed_with_the_rules_secret(owner: Project) -> None:
    sent, hook = waiting(owner), Hook(204)

    assert delivery.attempt(sent.pk, hook) == ""

    (request,) = hook.requests
    at, _, given = request.headers["X-FeatureMemory-Signature"].partition(",v1=")
    secret = sent.notice.rule.secret.encode()
    signed = at.removeprefix("t=").encode() + b"." + request.content
    assert given == hmac.new(secret, signed, hashlib.sha256).hexdigest()
    assert json.loads(request.content)["rule"]["name"] == "Calls"
    sent.refresh_from_db()
    assert (sent.state, sent.outcome) == ("sent", "delivered")


def test_the_checked_address_is_the_one_that_is_called(owner: Project) -> None:
    hook = Hook(200)

    delivery.attempt(waiting(owner).pk, hook)

    (request,) = hook.requests
    assert (request.url.host, request.url.port) == ("93.184.216.34", 8443)
    assert request.headers["Host"] == "hooks.example.com:8443"
    assert request.extensions["sni_hostname"] == "hooks.example.com"


def test_slack_gets_a_text_and_nothing_else(owner: Project) -> None:
    hook = Hook(200)

    delivery.attempt(waiting(owner, webhook_form="slack").pk, hook)

    body = json.loads(hook.requests[0].content)
    assert list(body) == ["text"]
    assert body["text"].startswith("[shop] Test of Calls")


@pytest.mark.parametrize("answer", [500, 404, 302, httpx.ConnectTimeout("slow")])
def test_a_failed_attempt_is_made_again_later(owner: Project, answer: Any) -> None:
    sent, hook = waiting(owner), Hook(answer)

    assert delivery.attempt(sent.pk, hook)

    sent.refresh_from_db()
    assert (sent.state, sent.attempts, len(hook.requests)) == ("waiting", 1, 1)
    assert sent.next_at > timezone.now()
    assert delivery.list_due() == []


def test_after_the_last_attempt_the_message_has_failed(owner: Project) -> None:
    sent = waiting(owner)

    for _ in range(len(delivery.BACKOFF_S) + 1):
        delivery.attempt(sent.pk, Hook(500))

    sent.refresh_from_db()
    assert (sent.state, sent.outcome) == ("failed", "It answered 500.")


def test_a_private_address_is_called_only_when_the_environment_names_it(
    owner: Project, settings: Any
) -> None:
    url = "http://inside.example.com/"
    sent, hook = waiting(owner, webhook_url=url), Hook(200)

    assert "private address" in delivery.attempt(sent.pk, hook)
    assert hook.requests == []
    settings.WEBHOOK_HOSTS = ["10.0.0.0/8"]
    assert delivery.attempt(sent.pk, hook) == ""


@pytest.mark.parametrize("url", ["http://a:b@hooks.example.com/", "ftp://x/", "http://nowhere/"])
def test_odd_addresses_are_refused(url: str) -> None:
    assert delivery.find_refusal(url)


def test_a_message_is_claimed_once(owner: Project) -> None:
    sent = waiting(owner)
    same = AlertDelivery.objects.get(pk=sent.pk)

    assert delivery.claim(sent)
    assert not delivery.claim(same)


def test_one_projects_slow_host_leaves_threads_for_others(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Never:
        def submit(self, run: Any, pk: int) -> None:
            started.append(pk)

    monkeypatch.setattr(delivery, "find_pool", Never)
    monkeypatch.setattr(delivery, "_under_way", {})
    slow = [waiting(owner, name=f"s{n}") for n in range(5)]
    other = waiting(project("other"))

    delivery.deliver_due()

    assert len(set(started) & {one.pk for one in slow}) == delivery.MOST_OF_A_PROJECT
    assert other.pk in started
