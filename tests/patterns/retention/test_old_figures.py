"""Hourly sums go after the years a project keeps them, feedback with what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from featurememory.models import ConfigVersion, Project
from patterns.models import Feedback, ModelInteraction, Operation, Pattern, PatternHour, ProjectHour
from patterns.retention import old_figures, old_history
from patterns.retention.cleanup import clean_up
from patterns.retention.old_figures import find_first_hour, forget_surplus_feedback
from patterns.statistics.rollups import ALL_TIME
from tests.builders import NOON, items, keep, learn_all, limit, pattern_row, project

pytestmark = pytest.mark.django_db
HOUR = NOON // 3_600_000


@pytest.fixture
def owner() -> Project:
    owner = project()
    keep(owner, items(3))
    learn_all(owner)
    return owner


def add_hours(owner: Project, *ages: int) -> None:
    """Sums of one pattern so many days before its newest interaction."""
    name = Pattern.objects.filter(project=owner).values_list("pk", flat=True)[0]
    for age in ages:
        PatternHour.objects.create(
            project=owner, hour=HOUR - age * 24, pattern_id=name, model_id="m", count=1
        )
        ProjectHour.objects.create(project=owner, hour=HOUR - age * 24, received=1)


def test_hours_older_than_figures_are_kept_go_and_totals_stay(owner: Project) -> None:
    limit(owner, keep_figures=400)
    add_hours(owner, 401, 399)
    before = PatternHour.objects.filter(project=owner, hour=ALL_TIME).count()
    clean_up(owner)

    assert before > 0
    assert PatternHour.objects.filter(project=owner, hour=ALL_TIME).count() == before
    left = set(PatternHour.objects.filter(project=owner).values_list("hour", flat=True))
    assert left == {ALL_TIME, HOUR - 399 * 24, HOUR}
    assert not ProjectHour.objects.filter(project=owner, hour=HOUR - 401 * 24).exists()


def test_a_clock_that_is_ahead_deletes_nothing(owner: Project) -> None:
    far = timezone.now() + timedelta(days=9000)
    keep(owner, items(1, start=9, timestamp=round(far.timestamp() * 1000)))

    now = round(timezone.now().timestamp() // 3600)
    assert find_first_hour(owner) <= now - 1826 * 24


def test_feedback_goes_with_its_interaction(owner: Project) -> None:
    for number in range(3):
        say(owner, "interaction", f"i-{number}")
    limit(owner, max_interactions=1)
    keep(owner, items(20, start=10))
    learn_all(owner)
    clean_up(owner)

    left = set(ModelInteraction.objects.filter(project=owner).values_list("id", flat=True))
    assert "i-0" not in left
    assert set(Feedback.objects.values_list("target_id", flat=True)) <= left


def say(owner: Project, target: str, name: str) -> None:
    Feedback.objects.create(
        project=owner, target=target, target_id=name, metric_name="comment", value="good"
    )


def test_of_too_much_feedback_the_oldest_goes(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_figures, "LEAST_FEEDBACK", 4)
    for number in range(9):
        say(owner, "session", f"s-{number}")

    assert forget_surplus_feedback(owner) == 3  # twice as much as there are interactions stays
    assert Feedback.objects.earliest("pk").target_id == "s-3"
    assert forget_surplus_feedback(owner) == 0


def test_versions_old_operations_and_the_log_of_the_admin_go(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_history, "VERSIONS", 2)
    for number in range(4):
        ConfigVersion.objects.create(project=owner, number=number, changes={}, actor="ann")
    ago = timezone.now() - timedelta(days=366)
    Operation.objects.create(project=owner, kind="prune", actor="ann", at=ago)
    recent = Operation.objects.create(project=owner, kind="prune", actor="ann")
    LogEntry.objects.create(
        user=User.objects.create(username="ann"), action_time=ago, object_repr="x", action_flag=2
    )
    clean_up(owner)

    assert set(ConfigVersion.objects.values_list("number", flat=True)) == {2, 3}
    assert list(Operation.objects.values_list("pk", flat=True)) == [recent.pk]
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("kept", ["nothing", "hours", "interaction", "recent"])
def test_a_merged_pattern_is_named_while_something_refers_to_it(owner: Project, kept: str) -> None:
    home = Pattern.objects.filter(project=owner)[0]
    ago = timezone.now() - timedelta(days=1 if kept == "recent" else 366)
    merged = pattern_row(
        owner, 7, status="archived", redirect_to=home.pk, archived_at=ago, use_count=0
    )
    if kept == "hours":
        refer: Any = {"hour": HOUR, "model_id": "m", "count": 1}
        PatternHour.objects.create(project=owner, pattern_id=merged.pk, **refer)
    if kept == "interaction":
        ModelInteraction.objects.filter(id="i-1").update(pattern_id=merged.pk)
    clean_up(owner)

    assert Pattern.objects.filter(pk=merged.pk).exists() == (kept != "nothing")
