"""Forgetting: a dry run tells what a run does, limits hold, nothing that waits is lost."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from featurememory.models import Activity, Project, StoredAnswer
from patterns.models import Learner, ModelInteraction, Pattern, PatternEvent, Payload
from patterns.retention import cleanup as retention_cleanup
from patterns.retention import disk_usage, forecast
from patterns.retention.cleanup import clean_up, clean_up_if_due, is_cleanup_due, make_room
from patterns.retention.disk_usage import measure_bytes_used
from tests.builders import (
    NOON_TIME,
    items,
    keep,
    learn_all,
    learned,
    limit,
    pattern_row,
    project,
    rollup_figures,
    states_of,
    uses_and_recount,
)

pytestmark = pytest.mark.django_db

LONG_AGO = NOON_TIME - timedelta(days=3)


@pytest.fixture
def nearly_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the database held little, whatever other tests left in PostgreSQL's files."""
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: 1 << 20)


@pytest.fixture
def owner() -> Project:
    """One interaction, of noon: the time by which use is judged."""
    owner = project()
    keep(owner, items(1))
    return owner


def stored(owner: Project) -> set[Any]:
    return set(Pattern.objects.stored().filter(project=owner).values_list("pk", flat=True))


def test_what_is_weak_and_unused_goes_to_the_trash_and_nothing_else(owner: Project) -> None:
    weak = pattern_row(owner, 1, confidence=0.2, last_used=LONG_AGO)
    others = [
        pattern_row(owner, 2, confidence=0.9, last_used=LONG_AGO),
        pattern_row(owner, 3, confidence=0.2, last_used=NOON_TIME),
        pattern_row(owner, 4, confidence=0.2, last_used=LONG_AGO, pinned=True),
    ]
    assert clean_up(owner).weak_patterns == 1

    assert stored(owner) == {row.pk for row in others}
    weak.refresh_from_db()
    assert (weak.status, weak.archived_by) == ("archived", "memory")
    assert weak.state is not None


def test_beyond_max_patterns_the_least_used_go(owner: Project) -> None:
    limit(owner, max_patterns=2)
    rows = [pattern_row(owner, n, use_count=n, confidence=0.9) for n in range(4)]
    pinned = pattern_row(owner, 9, use_count=0, pinned=True, confidence=0.9)

    assert clean_up(owner).surplus_patterns == 3
    assert stored(owner) == {pinned.pk, rows[3].pk}


def test_weak_ones_that_go_do_not_count_twice_towards_the_limit(owner: Project) -> None:
    limit(owner, max_patterns=2)
    for number in range(2):
        pattern_row(owner, number, use_count=0, confidence=0.1, last_used=LONG_AGO)
    for number in range(2, 6):
        pattern_row(owner, number, use_count=number, confidence=0.9, last_used=NOON_TIME)
    done = clean_up(owner)

    assert (done.weak_patterns, done.surplus_patterns) == (2, 2)
    assert len(stored(owner)) == 2


def test_the_trash_is_emptied_after_thirty_days_and_only_once(owner: Project) -> None:
    def archived(days: int) -> Any:
        return {"status": "archived", "archived_at": timezone.now() - timedelta(days=days)}

    old, young = pattern_row(owner, 1, **archived(31)), pattern_row(owner, 2, **archived(29))
    ModelInteraction.objects.filter(project=owner).update(pattern_id=old.pk)

    assert clean_up(owner).emptied_trash == 1
    assert clean_up(owner).emptied_trash == 0
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, young.state is not None) == (None, True)


def test_the_name_of_an_emptied_pattern_goes_with_its_last_interaction(owner: Project) -> None:
    old = timezone.now() - timedelta(days=31)
    row = pattern_row(owner, 1, status="archived", archived_at=old)
    PatternEvent.objects.create(project=owner, pattern_id=row.pk, kind="pruned")
    clean_up(owner)

    assert not Pattern.objects.filter(pk=row.pk).exists()
    assert not PatternEvent.objects.filter(pattern_id=row.pk).exists()


def test_redirects_of_merges_stay(owner: Project) -> None:
    target = pattern_row(owner, 1, confidence=0.9)
    old = timezone.now() - timedelta(days=90)
    source = pattern_row(
        owner, 2, status="archived", archived_at=old, redirect_to=target.pk, use_count=0
    )
    clean_up(owner)

    assert Pattern.objects.get(pk=source.pk).redirect_to == target.pk


def test_a_dry_run_tells_what_the_run_does_and_does_nothing(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 40, tasks=2)
    keep(owner, items(7, start=100))  # these wait
    pattern_row(owner, 1, confidence=0.1, last_used=LONG_AGO)
    for number in range(2, 5):
        pattern_row(owner, number, confidence=0.9, use_count=number)
    old = timezone.now() - timedelta(days=40)
    pattern_row(owner, 7, status="archived", archived_at=old)
    limit(owner, max_patterns=3, max_size=1000)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: 2000)
    before = stored(owner), states_of(owner)
    told = clean_up(owner, dry_run=True)
    assert (stored(owner), states_of(owner)) == before

    done = clean_up(owner)
    assert replace(told, dry_run=False) == done
    assert done.weak_patterns == 1
    assert done.surplus_patterns == 2
    assert done.emptied_trash == 1
    assert states_of(owner).total() == before[1].total() - done.interactions


def test_beyond_the_size_the_oldest_recognised_interactions_go(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 40)
    figures = rollup_figures(owner)
    rows = ModelInteraction.objects.filter(project=owner).order_by("number")
    before = list(rows.values_list("pk", flat=True))
    limit(owner, max_size=1000)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: 2000)
    done = clean_up(owner)

    left = list(rows.values_list("pk", flat=True))
    assert done.interactions == 40 - len(left) > 10
    assert left == before[-len(left) :]
    assert Payload.objects.count() == len(left)
    assert rollup_figures(owner) == figures
    assert sum(uses_and_recount(owner)[0].values()) == 40


def test_of_a_burst_that_waits_the_few_recognised_make_the_room_that_is_needed(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 60)
    keep(owner, items(400, start=1000))
    limit(owner, max_size=1 << 20)
    used = disk_usage.compute_room(
        1 << 20
    )  # a fifth goes, some 350 interactions; as a share of 60 it were 12
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: used)

    assert make_room(owner.pk) == 0  # the next cleanup takes the little there is
    monkeypatch.setattr(retention_cleanup, "LEAST", 20)
    monkeypatch.setattr(retention_cleanup, "PART", 50)
    assert make_room(owner.pk) == 55  # five stay as examples
    assert states_of(owner) == {0: 400, 1: 5}


def test_what_waits_claims_room_before_it_is_learned(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 60)
    limit(owner, max_size=1 << 20)
    used = int(disk_usage.compute_room(1 << 20) * forecast.FULL)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: used)
    assert make_room(owner.pk) == 0

    keep(owner, items(10, start=1000))
    monkeypatch.setattr(retention_cleanup, "LEAST", 20)
    assert make_room(owner.pk) > 0


def test_while_there_is_room_learning_forgets_nothing(owner: Project) -> None:
    learned(owner, 40)

    assert make_room(owner.pk) == 0
    assert states_of(owner) == {1: 40}


def test_where_only_room_is_needed_patterns_wait_for_their_interval(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 60)
    weak = pattern_row(owner, 1, confidence=0.1, last_used=LONG_AGO)
    limit(owner, max_size=1 << 20)
    used = [0, int(disk_usage.compute_room(1 << 20) * 0.901)]
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: used[0])
    monkeypatch.setattr(disk_usage, "measure_bytes_beside", lambda: 0)
    monkeypatch.setattr(forecast, "SLACK", 0.01)
    assert not clean_up_if_due(owner.pk)

    del used[0]
    vacuumed: list[None] = []
    monkeypatch.setattr(disk_usage, "vacuum_rewritten", lambda: vacuumed.append(None))
    assert clean_up_if_due(owner.pk)
    assert len(vacuumed) == 1
    assert states_of(owner)[1] < 60
    assert weak.pk in stored(owner)


def test_cleanups_of_an_hour_are_told_in_one_line(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 60)
    limit(owner, max_size=1 << 20)
    used = int(disk_usage.compute_room(1 << 20) * 0.901)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: used)
    monkeypatch.setattr(forecast, "SLACK", 0.01)
    gone = make_room(owner.pk)
    gone += make_room(owner.pk)

    told = Activity.objects.get(project=owner, verb="cleanup").summary
    assert f"{gone:,} old interactions deleted, in 2 rounds" in told


def test_what_waits_is_never_forgotten(owner: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(owner, items(30, start=1))
    limit(owner, max_size=1000)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: 10**9)

    assert clean_up(owner, dry_run=True).interactions == 0
    assert clean_up(owner).interactions == 0
    assert states_of(owner) == {0: 31}


@pytest.mark.django_db(transaction=True)
def test_a_few_cleanups_bring_the_database_below_its_limit_and_give_space_back() -> None:
    owner, dice = project(), random.Random(1)
    keep(owner, [entry | {"input": dice.randbytes(9000).hex()} for entry in items(500)])
    learn_all(owner)
    without_leftovers()
    disk_usage.give_back_space(1)  # PostgreSQL knows its tables only after it looked at them
    rows = (measure_bytes_used() - 1_500_000) / forecast.FULL  # a third of the payloads
    most = int(rows / (1 - disk_usage.MARGIN - 1 / disk_usage.SHARE))
    limit(owner, max_size=most)
    rounds = 0
    while measure_bytes_used() > disk_usage.compute_room(most) * forecast.FULL:
        done = clean_up(owner)
        rounds += 1
        assert done.bytes_after < done.bytes_before
        assert rounds <= 5

    assert rounds
    assert clean_up(owner).interactions == 0
    assert states_of(owner)[1] > 100


def without_leftovers() -> None:
    """Tests before this one were rolled back: PostgreSQL's files keep what they wrote."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in (*disk_usage.REWRITTEN, *disk_usage.FORGOTTEN):
                cursor.execute(f"VACUUM (FULL, ANALYZE) {table}")


def test_old_history_activity_and_answers_expire(owner: Project) -> None:
    year_ago = timezone.now() - timedelta(days=366)
    Activity.objects.create(project=owner, at=year_ago, actor="a", verb="v", summary="s")
    PatternEvent.objects.create(
        project=owner, pattern_id=pattern_row(owner).pk, at=year_ago, kind="x"
    )
    StoredAnswer.objects.create(
        project=owner, key="k", created_at=timezone.now() - timedelta(hours=25)
    )
    clean_up(owner)

    assert not Activity.objects.filter(summary="s").exists()
    assert not PatternEvent.objects.filter(kind="x").exists()
    assert not StoredAnswer.objects.exists()


def test_a_cleanup_that_took_something_leaves_a_receipt_in_the_activity(owner: Project) -> None:
    clean_up(owner)
    assert not Activity.objects.filter(project=owner).exists()

    pattern_row(owner, confidence=0.1, last_used=LONG_AGO)
    clean_up(owner)
    assert "1 patterns moved to the trash" in Activity.objects.get(project=owner).summary


def test_another_project_loses_nothing(owner: Project) -> None:
    other = project()
    weak = pattern_row(other, confidence=0.1, last_used=LONG_AGO)
    clean_up(owner)

    assert stored(other) == {weak.pk}


@pytest.mark.usefixtures("nearly_empty")
def test_it_is_due_after_the_interval(owner: Project) -> None:
    limit(owner, cleanup_interval=3600)
    assert not is_cleanup_due(owner.pk)  # the interval starts with the first look
    long_ago = timezone.now() - timedelta(seconds=3601)
    Learner.objects.filter(pk=owner.pk).update(cleaned_at=long_ago)
    assert is_cleanup_due(owner.pk)

    clean_up(owner)
    assert not is_cleanup_due(owner.pk)


@pytest.mark.usefixtures("nearly_empty")
def test_a_clock_that_was_set_back_does_not_put_cleanups_off(owner: Project) -> None:
    is_cleanup_due(owner.pk)
    in_a_year = timezone.now() + timedelta(days=365)
    Learner.objects.filter(pk=owner.pk).update(cleaned_at=in_a_year)
    assert is_cleanup_due(owner.pk)

    clean_up(owner)
    assert not is_cleanup_due(owner.pk)


@pytest.mark.usefixtures("nearly_empty")
def test_it_is_due_at_once_when_the_size_is_passed(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cleanup_due(owner.pk)
    assert not is_cleanup_due(owner.pk)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: 1 << 40)

    assert is_cleanup_due(owner.pk)
