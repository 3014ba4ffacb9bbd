"""A partition whose repair fails stays as it is, named; the others are repaired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from featurememory.models import Project
from integration.repair import background_repair, failed_partitions
from integration.repair.background_repair import repair_project
from integration.repair.planner_client import PlannedPartition, PlannerClient
from integration.repair.repair_schedule import repair_claimed
from patterns.engine.repair import drafts
from patterns.engine.repair.consolidate import apply_plans
from patterns.engine.repair.plan import Draft
from patterns.models import FailedRecord, Learner, Pattern
from patterns.recognition.repair_process import PlanFailed
from tests.builders import (
    item,
    keep,
    learn_all,
    rebuilt_figures,
    rollup_figures,
    uses_and_recount,
)

pytestmark = pytest.mark.django_db


def learn_two(owner: Project) -> None:
    """Two partitions with something to repair in each."""
    for task in ("bad", "good"):
        texts = [f"Cancel the {task} order {n} please, it is late." for n in range(20)]
        keep(
            owner,
            [item(n, id=f"{task}-{n}", input=t, task_type=task) for n, t in enumerate(texts)],
        )
    learn_all(owner)


def never() -> bool:
    return False


def check_repaired(owner: Project) -> None:
    """The good partition is one pattern, nothing was lost, and the bad one is named."""
    stated, counted = uses_and_recount(owner)
    assert stated == counted
    assert sum(counted.values()) == 40
    assert rollup_figures(owner) == rebuilt_figures(owner)
    assert Pattern.objects.stored().filter(project=owner, task_type="good").count() == 1
    row = FailedRecord.objects.get(project=owner)
    assert row.work == "repair"
    assert "bad" in row.subject


def fail_to_plan(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Planning the bad partition fails; the names of all that were tried."""
    ask, tried = PlannerClient.ask_for_plan, list[str]()

    def some(self: PlannerClient, draft: Draft) -> PlannedPartition:
        tried.append(draft.name)
        if "bad" in draft.name:
            raise PlanFailed("IndexError: list index out of range")
        return ask(self, draft)

    monkeypatch.setattr(PlannerClient, "ask_for_plan", some)
    return tried


def test_a_partition_that_cannot_be_planned_holds_up_no_other(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_two(owner)
    fail_to_plan(monkeypatch)

    assert repair_claimed(owner.pk)
    check_repaired(owner)
    assert "list index" in FailedRecord.objects.get().reason
    assert Learner.objects.get(pk=owner.pk).consolidated_at is not None


def test_a_plan_that_cannot_be_put_in_place_holds_up_no_other(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_two(owner)

    def some(memory: Any, plans: Any) -> Any:
        if any("bad" in name for name in plans):
            raise IndexError("list index out of range")
        return apply_plans(memory, plans)

    monkeypatch.setattr(background_repair, "apply_plans", some)
    assert repair_claimed(owner.pk)
    check_repaired(owner)


def test_a_partition_that_cannot_be_copied_holds_up_no_other(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_two(owner)
    draft = drafts.draft_partition

    def some(memory: Any, name: str, samples: Any) -> Draft:
        if "bad" in name:
            raise KeyError(name)
        return draft(memory, name, samples)

    monkeypatch.setattr(drafts, "draft_partition", some)
    monkeypatch.setattr(failed_partitions, "draft_partition", some)
    assert repair_claimed(owner.pk)
    check_repaired(owner)


def test_a_partition_that_failed_rests_and_is_forgiven_when_it_is_repaired(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_two(owner)
    with monkeypatch.context() as broken:
        fail_to_plan(broken)
        repair_project(owner.pk, never)
        tried = fail_to_plan(broken)
        repair_project(owner.pk, never)
        assert not [name for name in tried if "bad" in name]

    long_ago = timezone.now() - timedelta(hours=1)
    FailedRecord.objects.update(at=long_ago)
    repair_project(owner.pk, never)
    assert not FailedRecord.objects.exists()
    assert Pattern.objects.stored().filter(project=owner, task_type="bad").count() == 1
