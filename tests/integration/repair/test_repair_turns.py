"""Projects are repaired by turns: a long repair of one keeps no other waiting."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import pytest

from featurememory.models import Project
from integration.repair import repair_schedule, repair_turns
from integration.repair.planner_client import PlannedPartition, PlannerClient
from integration.repair.repair_schedule import repair_claimed, start_due_repairs
from patterns.engine.repair.plan import Draft
from patterns.models import Learner
from patterns.recognition.repair_process import PlannerEnded
from tests.builders import AtOnce, items, keep, learn_all, project, uses_and_recount

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair_turns, "TURN_S", 0.0)
    monkeypatch.setattr(repair_turns, "sizes", repair_turns.FittingSizes())


def learn(owner: Project, tasks: int) -> None:
    keep(owner, items(12 * tasks, tasks))
    learn_all(owner)


def planned_sizes(monkeypatch: pytest.MonkeyPatch, most: int = 1000) -> list[tuple[UUID, int]]:
    """Planning more than `most` texts exceeds the limits; project and number of texts of each try."""
    ask, tried = PlannerClient.ask_for_plan, list[tuple[UUID, int]]()
    plan = PlannerClient.plan
    at_hand: list[UUID] = []

    def noted(self: PlannerClient, draft: Draft, project_id: UUID) -> Any:
        at_hand[:] = [project_id]
        return plan(self, draft, project_id)

    def some(self: PlannerClient, draft: Draft) -> PlannedPartition:
        tried.append((at_hand[0], len(draft.samples)))
        if len(draft.samples) > most:
            raise PlannerEnded("more than 60 s of processor time")
        return ask(self, draft)

    monkeypatch.setattr(PlannerClient, "plan", noted)
    monkeypatch.setattr(PlannerClient, "ask_for_plan", some)
    return tried


def repair_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repair all that is due in this thread."""
    monkeypatch.setattr(threading, "Thread", AtOnce)
    monkeypatch.setattr(repair_schedule, "close_old_connections", lambda: None)
    start_due_repairs()


def test_projects_with_much_to_repair_give_turns_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large, small = project(), project()
    learn(large, 3)
    learn(small, 1)
    tried = planned_sizes(monkeypatch)
    repair_here(monkeypatch)

    assert len(tried) == 4
    assert small.pk in [pk for pk, _ in tried[:2]]
    learners = Learner.objects.filter(pk__in=[large.pk, small.pk])
    assert all(row.consolidated_at and row.learned_since == 0 for row in learners)
    stated, counted = uses_and_recount(large)
    assert stated == counted


def test_a_repair_counts_as_done_with_its_last_turn(owner: Project) -> None:
    learn(owner, 2)

    repair_claimed(owner.pk)
    assert repair_turns.is_unfinished(owner.pk)
    assert Learner.objects.get(pk=owner.pk).consolidated_at is None
    keep(owner, items(5, start=100))
    learn_all(owner)
    repair_claimed(owner.pk)
    learner = Learner.objects.get(pk=owner.pk)
    assert (learner.learned_since, learner.repairs) == (5, 1)
    assert not repair_turns.is_unfinished(owner.pk)


def test_what_exceeds_the_limits_is_tried_with_half_in_the_next_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heavy, light = project(), project()
    learn(heavy, 1)
    learn(light, 1)
    monkeypatch.setattr("integration.repair.planner_client.LEAST", 2)
    monkeypatch.setattr("integration.repair.planner_client.sizes", repair_turns.sizes)
    keep(heavy, items(12, start=50))
    learn_all(heavy)
    tried = planned_sizes(monkeypatch, most=15)
    repair_here(monkeypatch)

    assert [count for pk, count in tried if pk == heavy.pk] == [24, 12]
    first, second = [n for n, (pk, _) in enumerate(tried) if pk == heavy.pk]
    assert first > 0 or second > 1
    assert repair_turns.sizes.cut(heavy.pk, Draft("x", "m", 0, 0.0, [], {})).samples == []


def test_a_thread_that_died_is_followed_by_another(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(owner, 1)
    with monkeypatch.context() as broken:
        broken.setattr(repair_schedule, "claim_repair", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            repair_here(broken)
    repair_here(monkeypatch)

    assert Learner.objects.get(pk=owner.pk).consolidated_at is not None
