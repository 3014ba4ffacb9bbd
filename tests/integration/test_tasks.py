"""Background work: what waits anywhere is found, and one project's trouble is not another's."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from featurememory.models import FeatureMemoryConfig
from integration import tasks
from integration.learning.learn_batch import learn_next_batch
from integration.repair import repair_schedule, save_repair
from integration.tasks import WORK, cleanup_due, consolidate_due, learn_pending, sweep
from patterns.models import FailedRecord, Learner, ProjectHour
from patterns.retention import cleanup, disk_usage
from tests.builders import AtOnce, items, keep, learned, project, states_of

pytestmark = pytest.mark.django_db


def test_a_wake_up_learns_all_that_waits_in_the_project() -> None:
    owner, other = project(), project()
    keep(owner, items(450))
    keep(other, items(1))

    assert learn_pending(str(owner.pk)) == 450
    assert states_of(other) == {0: 1}


def test_a_backlog_makes_room_for_itself_while_it_is_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    FeatureMemoryConfig.objects.create(project=owner, max_size=1 << 20)
    room = disk_usage.compute_room(1 << 20)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: int(room * 0.99))
    keep(owner, items(600))
    monkeypatch.setattr(tasks, "ROOM_S", 0.0)
    monkeypatch.setattr(cleanup, "LEAST", 100)

    assert learn_pending(str(owner.pk)) == 600
    assert states_of(owner)[1] < 300


def test_a_sweep_finds_what_a_lost_wake_up_left_behind() -> None:
    owners = [project(), project()]
    for owner in owners:
        keep(owner, items(3))

    assert sweep() == 6
    assert sweep() == 0


def test_a_project_that_cannot_learn_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    owners = [project() for _ in range(3)]
    for owner in owners:
        keep(owner, items(2))
    learn = learn_next_batch

    def fails_for_the_second(project_id: UUID) -> Any:
        if project_id == owners[1].pk:
            raise OSError("disk full")
        return learn(project_id)

    monkeypatch.setattr(tasks, "learn_next_batch", fails_for_the_second)

    assert sweep() == 4
    assert [states_of(owner)[0] for owner in owners] == [0, 2, 0]
    assert f"project {owners[1].pk} failed" in caplog.text


def test_a_backlog_of_one_project_gives_turns_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = project(), project()
    keep(first, items(7))
    keep(second, items(3))
    order: list[UUID] = []

    def noted(project_id: UUID) -> Any:
        order.append(project_id)
        return learn_next_batch(project_id, 2)

    monkeypatch.setattr(tasks, "learn_next_batch", noted)
    monkeypatch.setattr(tasks, "TURN_BATCHES", 1)

    assert sweep() == 10
    assert order[:4] in ([first.pk, second.pk] * 2, [second.pk, first.pk] * 2)


def test_a_failing_project_is_noted_until_it_works_again(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = project()
    with monkeypatch.context() as broken:
        broken.setattr(cleanup, "clean_up_if_due", lambda _: 1 // 0)
        cleanup_due()
        cleanup_due()
    row = FailedRecord.objects.get(project=owner)
    assert (row.work, row.subject, row.attempts) == ("retention", "", 2)

    cleanup_due()
    assert not FailedRecord.objects.exists()


def test_patterns_are_repaired_where_enough_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Thread", AtOnce)
    monkeypatch.setattr(repair_schedule, "close_old_connections", lambda: None)
    monkeypatch.setattr(save_repair, "FEW", 5)
    busy, idle = project(), project()
    learned(busy, 5)
    learned(idle, 4)

    assert consolidate_due() == 1
    assert Learner.objects.get(pk=busy.pk).consolidated_at is not None
    assert Learner.objects.get(pk=idle.pk).consolidated_at is None


def test_cleanup_runs_where_the_interval_has_passed() -> None:
    waiting, fresh = project(), project()
    cleanup_due()
    yesterday = timezone.now() - timedelta(days=1, seconds=1)
    Learner.objects.filter(pk=waiting.pk).update(cleaned_at=yesterday)
    before = Learner.objects.get(pk=fresh.pk).cleaned_at

    assert cleanup_due() == 1
    assert Learner.objects.get(pk=waiting.pk).cleaned_at > yesterday
    assert Learner.objects.get(pk=fresh.pk).cleaned_at == before


def test_resources_are_sampled_for_every_project() -> None:
    project()

    assert tasks.sample_resources() > 1 << 20
    assert ProjectHour.objects.get().memory_bytes > 1 << 20


@pytest.mark.parametrize("name", WORK)
def test_every_task_runs_on_an_empty_memory(name: str) -> None:
    assert WORK[name]() >= 0


def test_celery_knows_every_scheduled_task_by_its_name(settings: Any) -> None:
    from featurememory.celery import app

    app.loader.import_default_modules()
    assert {*settings.BACKGROUND_SCHEDULE, "integration.tasks.learn_pending"} <= set(app.tasks)
