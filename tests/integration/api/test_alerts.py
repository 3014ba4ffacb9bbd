"""Alerts by the API: rules, their history, tests and mutes, for keys as for people of the same role."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Activity, Project
from integration.alerts import evaluation
from integration.models import AlertDelivery, AlertRule
from tests.builders import Caller, caller, learned, project

pytestmark = pytest.mark.django_db
RULE = {"name": "Slow", "figure": "p95", "threshold": 900}


@pytest.fixture
def owner() -> Project:
    return project("shop")


@pytest.fixture
def editor(owner: Project) -> Caller:
    return caller(owner, "rw")


@pytest.fixture
def rule(owner: Project) -> AlertRule:
    made: AlertRule = AlertRule.objects.create(
        project=owner, name="Busy", figure="calls", webhook_url="https://example.com/hook?token=x"
    )
    return made


def body_of(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_rule_is_made_read_changed_and_listed(editor: Caller, owner: Project) -> None:
    made = body_of(editor.post("alerts/", RULE), 201)

    assert (made["side"], made["window_hours"], made["enabled"]) == ("above", 24, True)
    changed = body_of(editor.patch(f"alerts/{made['id']}/", {"threshold": 5, "enabled": False}))
    assert (changed["name"], changed["threshold"], changed["enabled"]) == ("Slow", 5, False)
    assert body_of(editor.get(f"alerts/{made['id']}/")) == changed
    assert body_of(editor.get("alerts/"))["data"] == [changed]
    assert Activity.objects.filter(project=owner, verb="alert").count() == 2


@pytest.mark.parametrize("figure", AlertRule.AlertFigure.values)
def test_every_figure_can_be_watched(editor: Caller, owner: Project, figure: str) -> None:
    learned(owner, 3)
    made = body_of(editor.post("alerts/", {**RULE, "figure": figure, "at_least": 1}), 201)

    evaluation.evaluate_project(owner.pk)

    assert body_of(editor.get(f"alerts/{made['id']}/"))["evaluated_at"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("figure", "colour"),
        ("side", "beside"),
        ("threshold", "many"),
        ("threshold", None),
        ("window_hours", 0),
        ("window_hours", 10**30),
        ("at_least", -1),
        ("pattern_id", "x"),
        ("pattern_id", "019ad7aa-0000-7000-8000-000000000000"),
        ("webhook_url", "http://127.0.0.1/"),
        ("webhook_url", "javascript:alert(1)"),
        ("webhook_form", "carrier pigeon"),
    ],
)
def test_a_mistake_is_named_and_nothing_saved(editor: Caller, name: str, value: Any) -> None:
    problem = body_of(editor.post("alerts/", {**RULE, name: value}), 422)

    assert problem["errors"][0]["pointer"] == f"/{name}"
    assert not AlertRule.objects.exists()


def test_what_a_rule_needs_is_asked_for(editor: Caller) -> None:
    problem = body_of(editor.post("alerts/", {}), 422)

    assert {one["pointer"] for one in problem["errors"]} == {"/name", "/figure"}


def test_a_member_that_no_rule_has_is_named(editor: Caller) -> None:
    assert body_of(editor.post("alerts/", {**RULE, "colour": 1}), 201)["ignored"] == ["/colour"]


def test_a_project_has_a_limited_number_of_rules(
    editor: Caller, rule: AlertRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.alerts.rules.MOST_RULES", 1)

    assert body_of(editor.post("alerts/", RULE), 409)["code"] == "CONFLICT"


def test_a_test_goes_to_the_webhook_and_into_the_history(editor: Caller, rule: AlertRule) -> None:
    notice = body_of(editor.post(f"alerts/{rule.pk}/test/"))

    assert (notice["kind"], notice["value"], notice["webhook"]["state"]) == ("test", 0, "waiting")
    assert body_of(editor.get("alerts/history/"))["data"] == [notice]
    assert AlertDelivery.objects.count() == 1


def test_the_history_is_narrowed_by_rule_and_kind(editor: Caller, rule: AlertRule) -> None:
    editor.post(f"alerts/{rule.pk}/test/")

    def found(**query: Any) -> int:
        return len(body_of(editor.get("alerts/history/", **query))["data"])

    assert (found(rule=rule.pk), found(rule=rule.pk + 1), found(rule="9" * 40)) == (1, 0, 0)
    assert (found(kind="test"), found(kind="fired"), found(kind="dream")) == (1, 0, 0)


def test_a_rule_is_muted_and_heard_again(editor: Caller, rule: AlertRule) -> None:
    assert body_of(editor.post(f"alerts/{rule.pk}/mute/", {"hours": 24}))["muted_until"]
    assert body_of(editor.post(f"alerts/{rule.pk}/mute/", {"hours": 0}))["muted_until"] is None
    assert editor.post(f"alerts/{rule.pk}/mute/", {"hours": 721}).status_code == 422


def test_a_deleted_rule_is_restored_with_its_history(editor: Caller, rule: AlertRule) -> None:
    editor.post(f"alerts/{rule.pk}/test/")

    assert editor.send("DELETE", f"alerts/{rule.pk}/").status_code == 204
    assert editor.get(f"alerts/{rule.pk}/").status_code == 404
    assert body_of(editor.post(f"alerts/{rule.pk}/restore/"))["name"] == "Busy"
    assert body_of(editor.get("alerts/history/"))["data"]
    assert editor.post(f"alerts/{rule.pk}/restore/").status_code == 404


def test_a_key_that_only_reads_sees_rules_but_no_secret(owner: Project, rule: AlertRule) -> None:
    reader = caller(owner, "ro")

    seen = body_of(reader.get(f"alerts/{rule.pk}/"))

    assert (seen["has_webhook"], seen["webhook_url"], seen["secret"]) == (True, None, None)
    assert "token" not in reader.get("alerts/").content.decode()
    assert reader.post("alerts/", RULE).status_code == 403
    assert reader.post(f"alerts/{rule.pk}/test/").status_code == 403
    assert caller(owner, "in").get("alerts/").status_code == 403


def test_another_projects_rule_does_not_exist(rule: AlertRule) -> None:
    stranger = caller(project("other"), "ad")

    for path in (f"alerts/{rule.pk}/", f"alerts/{2**80}/"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"alerts/{rule.pk}/mute/", {"hours": 1}).status_code == 404
    assert stranger.post(f"alerts/{rule.pk}/restore/").status_code == 404
    assert body_of(stranger.get("alerts/history/"))["data"] == []
