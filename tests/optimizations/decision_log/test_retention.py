"""The log of decisions is admitted, counted and bounded like interactions."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Project
from optimizations.decision_log import log, retention
from optimizations.models import Decision
from patterns.ingest.backpressure import admission
from patterns.retention import disk_usage, project_use
from tests.builders import Caller, caller, limit, project

pytestmark = pytest.mark.django_db
TASK = {"task": {"task_type": "t", "model_id": "m", "input": "Where is my order 7?"}}


@pytest.fixture
def api(owner: Project) -> Caller:
    return caller(owner, "rw")


def decide(api: Any, times: int) -> list[str]:
    made = [api.post("tasks/prepare/", TASK).json()["decision_id"] for _ in range(times)]
    log.catch_up()
    return made


def test_beyond_the_limits_the_oldest_decisions_of_the_project_go(
    owner: Project, api: Caller
) -> None:
    other = project("other")
    theirs, made = decide(caller(other, "rw"), 3), decide(api, 12)
    limit(owner, max_interactions=5)

    assert retention.forget_decisions(owner.pk) == 7
    assert set(Decision.objects.values_list("id", flat=True)) == {*theirs, *made[7:]}
    assert retention.forget_decisions(owner.pk) == 0


def test_a_decision_that_two_processes_move_counts_once(owner: Project, api: Caller) -> None:
    decide(api, 3)
    project_use.recount(retention.count_decision_bytes())
    before = project_use.read_uses()[owner.pk]
    log.insert_records([log.decode_record(made) for made in Decision.objects.all()])

    assert project_use.read_uses()[owner.pk] == before
    assert Decision.objects.count() == 3


def test_a_project_that_is_full_of_decisions_forgets_decisions(
    owner: Project, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(api, 20)
    project_use.recount(retention.count_decision_bytes())
    limit(owner, max_size=1 << 20)
    full = disk_usage.compute_room(1 << 20)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: full)

    assert 3 <= retention.forget_decisions(owner.pk) <= 6  # a fifth


def test_a_full_project_gets_no_decision_and_is_told_when_to_come_again(
    owner: Project, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: 1 << 40)
    admission.reset()
    refused = api.post("tasks/prepare/", TASK)

    assert (refused.status_code, refused["Retry-After"]) == (507, "3")
    assert api.post("tasks/prepare/", {**TASK, "dry_run": True}).status_code == 200


def test_what_decisions_were_counted_agrees_with_a_recount(owner: Project, api: Caller) -> None:
    project_use.recount({})
    decide(api, 5)
    counted = project_use.read_uses()[owner.pk].decisions

    assert counted == retention.count_decision_bytes()[owner.pk] > 0
