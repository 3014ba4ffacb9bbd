"""The page of alerts: rules made, tried, muted, switched off and deleted, by those who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from featurememory.models import Activity, Project
from integration.models import AlertNotice, AlertRule
from integration.views.alerts import alert_pages
from tests.builders import project
from tests.web import HTMX, browser, person, text_of

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Slow",
    "figure": "p95",
    "side": "above",
    "threshold": "900",
    "window_hours": "24",
    "at_least": "20",
    "webhook_form": "json",
}


@pytest.fixture
def owner() -> Project:
    return project("shop")


@pytest.fixture
def editor(owner: Project) -> Client:
    return browser(person("eva", may_change=True))


@pytest.fixture
def rule(owner: Project) -> AlertRule:
    return AlertRule.objects.create(project=owner, name="Slow", figure="calls")


def test_a_rule_is_made_with_a_form(editor: Client, owner: Project) -> None:
    page = editor.post("/alerts/new/", FORM, follow=True)

    rule = AlertRule.objects.get(project=owner)
    assert (rule.figure, rule.threshold, rule.made_by) == ("p95", 900, "eva")
    assert "not measured yet" in text_of(page)
    assert "Duration p95 above 900 ms, last 24 h" in text_of(page)
    assert Activity.objects.filter(project=owner, verb="alert").exists()


@pytest.mark.parametrize("query", alert_pages.STARTERS.values())
def test_what_the_form_begins_with_can_be_saved(editor: Client, owner: Project, query: str) -> None:
    form = editor.get(f"/alerts/new/?{query}").context["form"]
    values = {field.html_name: field.value() for field in form if field.value() is not None}

    assert editor.post("/alerts/new/", values).status_code == 302
    assert AlertRule.objects.get(project=owner).threshold == float(values["threshold"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("figure", "colour"),
        ("threshold", "nan"),
        ("threshold", "1e999"),
        ("window_hours", "0"),
        ("window_hours", "9999"),
        ("at_least", "-1"),
        ("pattern_id", "x"),
        ("pattern_id", "019ad7aa-0000-7000-8000-000000000000"),
        ("webhook_url", "http://127.0.0.1/"),
        ("webhook_url", "http://[::1]/"),
        ("webhook_url", "javascript:alert(1)"),
    ],
)
def test_a_mistake_is_said_and_nothing_saved(
    editor: Client, owner: Project, field: str, value: str
) -> None:
    answer = editor.post("/alerts/new/", {**FORM, field: value})

    assert answer.status_code == 422
    assert "errorlist" in text_of(answer)
    assert not AlertRule.objects.exists()


def test_a_project_has_a_limited_number_of_rules(
    editor: Client, rule: AlertRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.alerts.rules.MOST_RULES", 1)

    assert editor.post("/alerts/new/", FORM).status_code == 422


def test_a_figure_of_now_is_described_without_a_window(editor: Client, owner: Project) -> None:
    AlertRule.objects.create(project=owner, name="Queue", figure="queue", threshold=1000)

    assert "Interactions waiting now above 1,000</span>" in text_of(editor.get("/alerts/"))


def test_a_test_stands_in_the_history(editor: Client, rule: AlertRule) -> None:
    page = text_of(editor.post(f"/alerts/{rule.pk}/test/", follow=True))

    assert "Test of Slow: Calls at 0." in page
    assert AlertNotice.objects.get().kind == "test"


def test_a_rule_is_muted_heard_again_and_switched_off(editor: Client, rule: AlertRule) -> None:
    editor.post(f"/alerts/{rule.pk}/mute/", {"hours": "24"})
    assert AlertRule.objects.get().is_muted
    editor.post(f"/alerts/{rule.pk}/mute/", {"hours": "0"})
    assert not AlertRule.objects.get().is_muted
    editor.post(f"/alerts/{rule.pk}/switch/")
    assert not AlertRule.objects.get().enabled


def test_deleting_says_what_goes(editor: Client, rule: AlertRule) -> None:
    assert "Notices of it" in text_of(editor.get(f"/alerts/{rule.pk}/delete/"))
    assert AlertRule.objects.kept().exists()

    page = text_of(editor.post(f"/alerts/{rule.pk}/delete/", follow=True))

    assert not AlertRule.objects.kept().exists()
    assert f'action="/alerts/{rule.pk}/restore/"' in page


def test_undo_brings_a_rule_back_with_its_history(editor: Client, rule: AlertRule) -> None:
    editor.post(f"/alerts/{rule.pk}/test/")
    editor.post(f"/alerts/{rule.pk}/delete/")

    page = text_of(editor.post(f"/alerts/{rule.pk}/restore/", follow=True))

    assert "Slow watches again." in page
    assert "Test of Slow" in page
    assert AlertRule.objects.kept().get() == rule
    assert "gone for good" in text_of(editor.post(f"/alerts/{rule.pk}/restore/", follow=True))


def test_what_was_deleted_a_month_ago_goes_for_good(editor: Client, owner: Project) -> None:
    old = AlertRule.objects.create(
        project=owner, name="Old", figure="calls", deleted_at=timezone.now() - timedelta(days=31)
    )
    new = AlertRule.objects.create(project=owner, name="New", figure="calls")

    assert "gone for good" in text_of(editor.post(f"/alerts/{old.pk}/restore/", follow=True))
    editor.post(f"/alerts/{new.pk}/delete/")

    assert list(AlertRule.objects.all()) == [new]


def test_a_viewer_sees_alerts_but_no_secret_and_changes_none(owner: Project, rule: Any) -> None:
    viewer = browser(person("vera"))

    page = text_of(viewer.get("/alerts/"))

    assert "Slow" in page
    assert "Send a test" not in page
    assert viewer.get(f"/alerts/{rule.pk}/").status_code == 403
    assert viewer.post(f"/alerts/{rule.pk}/test/").status_code == 403


def test_a_rule_of_another_project_does_not_exist(editor: Client, owner: Project) -> None:
    other = AlertRule.objects.create(project=project("other"), name="Theirs", figure="calls")
    editor.post("/project/", {"project": "shop"})

    assert "Theirs" not in text_of(editor.get("/alerts/"))
    assert editor.get(f"/alerts/{other.pk}/").status_code == 404


def test_the_page_asks_at_most_twelve_queries(
    editor: Client, rule: AlertRule, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        editor.post(f"/alerts/{rule.pk}/test/")
    editor.get("/alerts/")

    with django_assert_max_num_queries(12):
        editor.get("/alerts/")


def test_rules_are_sorted_and_those_without_a_figure_come_last(
    editor: Client, owner: Project
) -> None:
    for name, value in (("beta", 3.0), ("Alpha", None), ("gamma", 1.0)):
        AlertRule.objects.create(project=owner, name=name, figure="calls", value=value)

    def names(query: str) -> list[str]:
        lines = editor.get(f"/alerts/?{query}").context["lines"]
        return [line["rule"].name for line in lines]

    assert names("") == ["Alpha", "beta", "gamma"]
    assert names("sort=-now") == ["beta", "gamma", "Alpha"]
    assert names("sort=now") == ["gamma", "beta", "Alpha"]
    assert names("sort=colour") == ["Alpha", "beta", "gamma"]


def test_a_rule_opens_beside_the_list_with_what_it_noticed(
    editor: Client, owner: Project, rule: AlertRule
) -> None:
    AlertNotice.objects.create(project=owner, rule=rule, kind="fired", text="Slow: 900 ms.")
    panel = {**HTMX, "HX-Target": "peek"}

    answer = text_of(editor.get(f"/alerts/?peek={rule.pk}", headers=panel))
    assert "<h2>Slow</h2>" in answer
    assert "Slow: 900 ms." in answer
    for name in ("x", "999999999999999999", ""):
        assert "<h2>" not in text_of(editor.get(f"/alerts/?peek={name}", headers=panel))


def test_without_rules_the_page_offers_some_to_begin_with(editor: Client, owner: Project) -> None:
    assert "/alerts/new/?name=Success+falls" in text_of(editor.get("/alerts/"))
