"""The log of decisions where SQLite's journal is at work: outside of a test's transaction."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from optimizations.decision_log import log
from optimizations.engine.domain.task import Request, Task, TaskDecision
from optimizations.models import Decision
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)


def write(owner: Project, name: str) -> None:
    task = Task(model_id="m", input="x")
    request = Request(id=name, task=task, at=0.0)
    decision = TaskDecision(id=name, task=task)
    log.decision_log().write(log.make_record(owner.pk, request, decision, [], {"model_id": "m"}))


def logged(owner: Project) -> set[str]:
    return set(Decision.objects.filter(project=owner).values_list("id", flat=True))


def absorb_and_fail() -> None:
    with write_turn():
        log.decision_log().absorb()
        raise ZeroDivisionError


def test_what_was_answered_is_found_after_catching_up() -> None:
    owner = builders.project()
    for name in ("a", "b"):
        write(owner, name)
    log.catch_up()

    assert logged(owner) == {"a", "b"}


def test_moving_twice_moves_once() -> None:
    owner = builders.project()
    write(owner, "a")
    log.catch_up()
    log.catch_up()

    assert Decision.objects.filter(project=owner).count() == 1


def test_a_move_that_fails_loses_nothing() -> None:
    owner = builders.project()
    write(owner, "a")
    at_once = {"a"} if connection.vendor == "postgresql" else set()
    with pytest.raises(ZeroDivisionError):
        absorb_and_fail()
    assert logged(owner) == at_once

    log.catch_up()

    assert logged(owner) == {"a"}


def test_a_decision_of_a_removed_project_stops_nobody() -> None:
    gone, owner = builders.project(), builders.project()
    if connection.vendor == "sqlite":
        write(gone, "a")
    write(owner, "b")
    with transaction.atomic():
        gone.delete()
    log.catch_up()

    assert logged(owner) == {"b"}


def test_the_last_decision_of_a_removed_project_is_dropped_when_it_waits_alone() -> None:
    gone = builders.project()
    log.catch_up()
    if connection.vendor == "sqlite":
        write(gone, "a")
    with transaction.atomic():
        gone.delete()
    log.catch_up()

    owner = builders.project()
    write(owner, "b")
    log.catch_up()
    assert set(Decision.objects.values_list("id", flat=True)) == {"b"}
