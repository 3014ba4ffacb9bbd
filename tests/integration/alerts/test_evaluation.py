"""What rules notice: once when a figure crosses over, and once when that is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from featurememory.models import Project
from integration.alerts import evaluation
from integration.alerts.figures import FigureReader
from integration.models import AlertDelivery, AlertNotice, AlertRule
from integration.tasks import evaluate_alerts
from optimizations.models import OptimizationEvent
from patterns.models import ModelInteraction
from tests.builders import item, keep, learn_all, pattern_row, project

pytestmark = pytest.mark.django_db


def make_rule(owner: Project, figure: str, **more: Any) -> AlertRule:
    values = {"name": f"watch {figure}", "at_least": 1, "window_hours": 24} | more
    return AlertRule.objects.create(project=owner, figure=figure, **values)


def notices(rule: AlertRule) -> list[str]:
    return [one.kind for one in AlertNotice.objects.filter(rule=rule).order_by("pk")]


def call_now(n: int, **more: Any) -> dict[str, Any]:
    made = item(n, **more)
    made["metadata"]["timestamp"] = timezone.now().isoformat()
    return made


def learn_now(owner: Project, count: int, **more: Any) -> None:
    keep(owner, [call_now(n, **more) for n in range(count)])
    learn_all(owner)


def test_a_rule_fires_once_and_says_when_it_is_over() -> None:
    owner = project("shop")
    rule = make_rule(owner, "queue", threshold=1)
    keep(owner, [item(n) for n in range(3)])

    evaluation.evaluate_project(owner.pk)
    evaluation.evaluate_project(owner.pk)
    ModelInteraction.objects.filter(project=owner).update(state=1)
    evaluation.evaluate_project(owner.pk)
    evaluation.evaluate_project(owner.pk)

    assert notices(rule) == ["fired", "over"]
    assert "at 3, above 1" in AlertNotice.objects.filter(rule=rule).order_by("pk")[0].text


@pytest.mark.parametrize(
    ("figure", "side", "threshold"),
    [
        ("calls", "above", 5),
        ("success", "below", 50),
        ("effectiveness", "below", 50),
        ("p50", "above", 1),
        ("p95", "above", 1),
        ("tokens", "above", 1),
        ("waiting", "below", 1),
        ("storage", "below", 1),
        ("drifting", "below", 1),
    ],
)
def test_every_figure_can_be_watched(figure: str, side: str, threshold: float) -> None:
    owner = project("shop")
    rule = make_rule(owner, figure, side=side, threshold=threshold)
    learn_now(owner, 6, success=figure in ("p50", "p95"))

    evaluation.evaluate_project(owner.pk)

    assert notices(rule) == ["fired"]


def test_a_figure_of_one_pattern_counts_its_calls_only() -> None:
    owner = project("shop")
    learn_now(owner, 6)
    other = pattern_row(owner, 7)
    rule = make_rule(owner, "calls", threshold=0, pattern_id=other.pk)

    evaluation.evaluate_project(owner.pk)

    assert notices(rule) == []


def test_too_few_calls_say_nothing_about_a_rate() -> None:
    owner = project("shop")
    rule = make_rule(owner, "success", side="below", threshold=99, at_least=20)
    learn_now(owner, 6, success=False)

    evaluation.evaluate_project(owner.pk)
    rule.refresh_from_db()

    assert notices(rule) == []
    assert (rule.value, rule.evaluated_at is None) == (None, False)


def test_new_patterns_are_told_once_each() -> None:
    owner = project("shop")
    rule = make_rule(owner, "new_patterns", threshold=0)
    pattern_row(owner, 1, created_at=timezone.now())

    evaluation.evaluate_project(owner.pk)
    evaluation.evaluate_project(owner.pk)
    pattern_row(owner, 2, created_at=timezone.now())
    evaluation.evaluate_project(owner.pk)

    assert notices(rule) == ["fired", "fired"]


@pytest.mark.parametrize(("figure", "after"), [("proven", "active"), ("rolled_back", "suspended")])
def test_a_proof_and_a_rollback_are_told(figure: str, after: str) -> None:
    owner = project("shop")
    rule = make_rule(owner, figure, threshold=0)
    OptimizationEvent.objects.create(project=owner, optimization_id="o-1", after=after)
    OptimizationEvent.objects.create(project=owner, optimization_id="o-2", after="trial")

    evaluation.evaluate_project(owner.pk)

    assert notices(rule) == ["fired"]


@pytest.mark.parametrize(("figure", "after"), [("proven", "active"), ("rolled_back", "suspended")])
def test_what_a_person_did_or_what_changed_nothing_is_no_proof_and_no_rollback(
    figure: str, after: str
) -> None:
    owner = project("shop")
    rule = make_rule(owner, figure, threshold=0)
    events = OptimizationEvent.objects
    events.create(project=owner, optimization_id="o-1", after=after, actor="eva")
    events.create(project=owner, optimization_id="o-2", before=after, after=after)

    evaluation.evaluate_project(owner.pk)

    assert notices(rule) == []


def test_a_muted_rule_writes_history_and_calls_nobody() -> None:
    owner = project("shop")
    later = timezone.now() + timedelta(hours=1)
    url = "https://example.com/hook"
    rule = make_rule(owner, "calls", side="below", threshold=9, webhook_url=url, muted_until=later)

    evaluation.evaluate_project(owner.pk)

    assert notices(rule) == ["fired"]
    assert not AlertDelivery.objects.exists()


def test_a_rule_that_cannot_be_measured_holds_up_no_other_project(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, good = project("bad"), project("good")
    make_rule(bad, "calls", side="below", threshold=9)
    heard = make_rule(good, "calls", side="below", threshold=9)
    usual = FigureReader.measure

    def measure(self: FigureReader, rule: AlertRule) -> float | None:
        if rule.project_id == bad.pk:
            raise ValueError("no figure")
        return usual(self, rule)

    monkeypatch.setattr(FigureReader, "measure", measure)

    assert evaluate_alerts() == 1
    assert notices(heard) == ["fired"]


def test_when_time_is_short_the_rules_that_waited_longest_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluation, "TURN_S", 0)
    owner = project("shop")
    rules = [make_rule(owner, "calls", side="below", threshold=9, name=f"r{n}") for n in range(3)]

    for _ in rules:
        evaluation.evaluate_project(owner.pk)

    assert [notices(rule) for rule in rules] == [["fired"]] * 3


def test_history_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_NOTICES", 3)
    owner = project("shop")
    rule = make_rule(owner, "calls")
    for _ in range(5):
        evaluation.try_rule(rule)

    evaluation.forget_old_notices(owner.pk)

    assert AlertNotice.objects.filter(project=owner).count() == 3


@pytest.mark.parametrize("rules", [1, 40])
def test_many_rules_of_one_window_read_its_sums_once(
    rules: int, django_assert_max_num_queries: Any
) -> None:
    owner = project("shop")
    for n in range(rules):
        make_rule(owner, "calls", threshold=99, name=f"r{n}")

    with django_assert_max_num_queries(4 + 4 * rules):
        evaluation.evaluate_project(owner.pk)
