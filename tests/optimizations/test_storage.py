from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from featurememory.models import Activity
from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.pending_changes import PolicyChanges
from optimizations.engine.reporting.savings import SavingsHour
from optimizations.models import (
    ArmHour,
    EvidencePoint,
    LedgerHour,
    Optimization,
    OptimizationEvent,
)
from optimizations.storage import OptimizationStorage, load_states
from patterns.models import FailedRecord
from tests import builders

pytestmark = pytest.mark.django_db


def state(name: str = "o-1", **fields: Any) -> OptimizationState:
    return OptimizationState(
        id=name, kind="route_model", task_type="t", base="large", params={"model_id": "m"}, **fields
    )


def test_what_is_stored_is_retrieved() -> None:
    storage = OptimizationStorage(builders.project().pk)
    made = state(n_treated=5, lift=(0.1, 0.05, 0.2), guards={"latency": "ok"})
    storage.store([made])

    assert storage.retrieve("o-1") == made


def test_storing_again_replaces_and_adds_no_row() -> None:
    owner = builders.project()
    storage = OptimizationStorage(owner.pk)
    storage.store([state()])
    storage.store([state(status="active", effectiveness=0.8), state("o-2")])

    rows = Optimization.objects.filter(project=owner).order_by("number")
    assert [(row.id, row.status) for row in rows] == [("o-1", "active"), ("o-2", "candidate")]


def test_a_state_that_cannot_be_written_holds_up_no_other_and_says_why() -> None:
    owner = builders.project()
    storage = OptimizationStorage(owner.pk)
    storage.store([state(needs_more=300), state("o-2")])

    storage.store([state(needs_more=2**70), state("o-2", status="active")])

    assert [one.status for one in load_states(owner.pk)] == ["candidate", "active"]
    assert storage.retrieve("o-1").needs_more == 300
    failure = FailedRecord.objects.get(project=owner)
    assert (failure.work, failure.subject) == ("optimization", "o-1")
    assert "can't serialize ints" in failure.reason


def test_what_is_not_there_cannot_be_updated() -> None:
    storage = OptimizationStorage(builders.project().pk)

    with pytest.raises(KeyError):
        storage.update(state())


def test_projects_do_not_see_each_others() -> None:
    mine, theirs = builders.project(), builders.project()
    OptimizationStorage(mine.pk).store([state()])

    with pytest.raises(KeyError):
        OptimizationStorage(theirs.pk).retrieve("o-1")


def test_cleanup_removes_what_ended_long_ago_with_its_history() -> None:
    owner = builders.project()
    storage = OptimizationStorage(owner.pk)
    step = Transition("o-1", "trial", "retired", "unused", "Unused.", 0.0)
    storage.save(PolicyChanges((state(status="retired"), state("o-2")), (), (step,)), 0)
    year_ago = timezone.now() - timedelta(days=400)
    Optimization.objects.filter(project=owner).update(updated_at=year_ago)

    assert storage.cleanup() == 1
    assert [one.id for one in load_states(owner.pk)] == ["o-2"]
    assert not OptimizationEvent.objects.filter(project=owner).exists()


def test_one_that_made_room_keeps_its_row_but_not_its_state() -> None:
    owner = builders.project()
    storage = OptimizationStorage(owner.pk)
    storage.store([state()])
    storage.save(PolicyChanges(removed=("o-1",)), 0)

    assert load_states(owner.pk) == []
    assert Optimization.objects.filter(project=owner, id="o-1").exists()


def test_points_of_the_line_grow_apart() -> None:
    owner = builders.project()
    storage = OptimizationStorage(owner.pk)
    for n in range(200):
        storage.save(PolicyChanges((state(n_treated=n, n_control=n),)), n)

    seen = list(EvidencePoint.objects.filter(project=owner).values_list("n", flat=True))
    assert seen[0] == 10
    assert 20 < len(seen) < 60
    assert all(after >= before * 1.07 for before, after in pairwise(seen))


def test_an_hour_of_the_ledger_is_replaced_not_doubled() -> None:
    owner = builders.project()
    storage = OptimizationStorage(owner.pk)
    for total in (1.0, 2.0):
        hours = [SavingsHour(7, "o-1", sure, 5, [total, 0.0, 0.0]) for sure in (True, False)]
        storage.save(PolicyChanges(hours=tuple(hours)), 0)

    rows = LedgerHour.objects.filter(project=owner)
    assert [(row.n, row.sums) for row in rows] == [(5, [2.0, 0.0, 0.0])] * 2


def test_hours_that_the_policy_no_longer_keeps_are_read_back() -> None:
    owner = builders.project()
    hours = [SavingsHour(n, "o-1", True, n, [1.0 * n, 0.0, 0.0], [0.5, 0.0, 0.0]) for n in range(9)]
    storage = OptimizationStorage(owner.pk)
    storage.store_hours(hours)

    assert sorted(storage.load_hours(3 * 3600, 6), key=lambda one: one.hour) == hours[3:6]


def test_activity_says_which_change_was_proven() -> None:
    owner = builders.project()
    step = Transition("o-1", "trial", "active", "proven", "Proven: lift +0.1.", 0.0)
    OptimizationStorage(owner.pk).save(
        PolicyChanges((state(summary="Let m serve"),), (), (step,)), 1
    )

    assert Activity.objects.get(project=owner).summary == "Let m serve in t: Proven: lift +0.1."


def test_hours_and_transitions_go_after_the_years_they_are_kept() -> None:
    owner = builders.project()
    builders.limit(owner, keep_figures=365)
    now = timezone.now()
    today = int(now.timestamp() // 3600)
    for days in (366, 364):
        hour, at = today - days * 24, now - timedelta(days=days)
        LedgerHour.objects.create(project=owner, hour=hour, optimization_id="o-1")
        ArmHour.objects.create(project=owner, hour=hour, arm="memory")
        OptimizationEvent.objects.create(project=owner, optimization_id="o", after="t", at=at)

    assert OptimizationStorage(owner.pk).forget_hours() == 3
    assert [row.hour for row in LedgerHour.objects.all()] == [today - 364 * 24]
    assert (ArmHour.objects.count(), OptimizationEvent.objects.count()) == (1, 1)
