"""The forecast: rule by rule, it tells what the next cleanup takes and what that frees."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core.management import call_command

from featurememory.models import Project
from integration.resources import ResourceManager
from patterns.models import ModelInteraction
from patterns.retention import disk_usage
from patterns.retention.cleanup import clean_up
from patterns.retention.forecast import Rule, forecast_cleanup, list_rules, read_counted_rules
from tests.builders import (
    NOON,
    NOON_TIME,
    items,
    keep,
    learn_all,
    learned,
    limit,
    pattern_row,
    project,
)

pytestmark = pytest.mark.django_db
LONG_AGO = NOON_TIME - timedelta(days=3)


def told(owner: Project) -> dict[str, Rule]:
    return {rule.name: rule for rule in list_rules(owner, forecast_cleanup(owner))}


def test_within_all_limits_nothing_goes() -> None:
    owner = project()
    learned(owner, 20)

    assert told(owner) == {}


def test_each_rule_says_how_many_it_takes() -> None:
    owner = project()
    learned(owner, 60)
    old = NOON - 40 * 86_400_000
    keep(owner, items(9, tasks=1, start=100, timestamp=old))
    keep(owner, items(1, start=200))
    learn_all(owner)
    pattern_row(owner, 1, confidence=0.1, last_used=LONG_AGO)
    limit(owner, max_interactions=30, max_age=30)

    found = {name: rule.rows for name, rule in told(owner).items()}
    assert (found["Count"], found["Age"], found["Weak patterns"]) == (40, 9, 1)
    assert found["Interactions in total"] == 40


def arrive(owner: Project, days_ago: float) -> None:
    """As if all interactions had arrived so many days ago."""
    moment = time.time_ns() // 1_000_000 - round(days_ago * 86_400_000)
    ModelInteraction.objects.filter(project=owner).update(received_at=moment)


def test_interactions_of_a_project_that_went_quiet_grow_old() -> None:
    owner = project()
    learned(owner, 30, timestamp=time.time_ns() // 1_000_000 - 31 * 86_400_000)
    limit(owner, max_age=30)
    assert told(owner) == {}  # the newest is its present, and it has just arrived

    arrive(owner, days_ago=31)
    assert told(owner)["Age"].rows == 30
    assert clean_up(owner).interactions == 25  # five examples stay


def test_imported_history_ages_from_its_import_on() -> None:
    owner = project()
    learned(owner, 30, timestamp=NOON - 3000 * 86_400_000)
    limit(owner, max_age=30)
    arrive(owner, days_ago=29.9)
    assert told(owner) == {}

    arrive(owner, days_ago=30.1)
    assert told(owner)["Age"].rows == 30


@pytest.mark.parametrize("newest", [0, 253_402_300_799_999])
def test_ages_at_the_edges_of_the_calendar_and_of_a_clock_set_back(newest: int) -> None:
    owner = project()
    keep(owner, items(1, timestamp=newest))
    limit(owner, max_age=30)

    for days in (-5, 5):
        arrive(owner, days_ago=days)
        assert forecast_cleanup(owner).too_old == 0


def test_a_cleanup_takes_as_many_as_were_told_though_examples_stay() -> None:
    owner = project()
    learned(owner, 40, tasks=4)
    limit(owner, max_interactions=1)
    expected = told(owner)["Interactions in total"].rows

    assert clean_up(owner, dry_run=True).interactions == expected
    assert clean_up(owner).interactions == expected
    assert ModelInteraction.objects.filter(project=owner).count() == 40 - expected


@pytest.mark.django_db(transaction=True)
def test_the_bytes_told_are_about_those_that_become_free() -> None:
    owner = project()
    learned(owner, 900, tasks=3)
    disk_usage.give_back_space(1)
    limit(owner, max_interactions=100)
    expected = told(owner)["Interactions in total"]
    before = disk_usage.measure_bytes_used()
    clean_up(owner)

    assert expected.bytes == pytest.approx(before - disk_usage.measure_bytes_used(), rel=0.6)


def test_pages_show_what_the_background_work_counted_and_a_cleanup_ends_that() -> None:
    owner = project()
    learned(owner, 20)
    limit(owner, max_interactions=10)
    assert read_counted_rules(owner) is None

    ResourceManager().sample()
    names = [rule.name for rule in read_counted_rules(owner) or []]
    assert names == ["Count", "Interactions in total"]
    clean_up(owner)
    assert read_counted_rules(owner) is None


def test_the_command_tells_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    owner = project()
    learned(owner, 20)
    limit(owner, max_interactions=10)
    call_command("cleanup", dry_run=True, project=owner.name)

    printed = capsys.readouterr().out
    assert f"{owner.name}: 0 weak" in printed
    assert "Count: 10, about" in printed
    assert ModelInteraction.objects.filter(project=owner).count() == 20
