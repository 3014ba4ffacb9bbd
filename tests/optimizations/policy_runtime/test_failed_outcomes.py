"""An outcome that cannot be read or counted holds up no other, and can be queued again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from featurememory.models import Project
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.policy import PolicyEngine
from optimizations.models import PolicyState, WaitingOutcome
from optimizations.policy_runtime import failed_outcomes, outcomes
from optimizations.policy_runtime.outcome_rows import load_outcomes
from patterns.models import FailedRecord, ModelInteraction
from tests.builders import items, keep, learn_all

pytestmark = pytest.mark.django_db


def wait_for(owner: Project, count: int) -> None:
    PolicyState.objects.create(pk=owner.pk)
    keep(owner, items(count))
    learn_all(owner)
    assert WaitingOutcome.objects.count() == count


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """The engine cannot observe the outcome of this interaction; the ids of the others."""
    observe, seen = PolicyEngine.observe, list[str]()

    def some(self: PolicyEngine, outcome: Outcome) -> Any:
        if outcome.id == name:
            raise ZeroDivisionError("division by zero")
        seen.append(outcome.id)
        return observe(self, outcome)

    monkeypatch.setattr(PolicyEngine, "observe", some)
    return seen


def test_an_outcome_that_cannot_be_counted_leaves_the_queue_with_its_reason(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(owner, 5)
    seen = refuse(monkeypatch, "i-2")
    outcomes.count_outcomes(owner.pk, save=True)

    assert seen == ["i-0", "i-1", "i-3", "i-4"]
    assert not WaitingOutcome.objects.exists()
    row = FailedRecord.objects.get(work="outcome")
    assert (row.subject, row.reason) == ("i-2", "ZeroDivisionError: division by zero")


def test_an_outcome_that_cannot_be_read_is_found_among_others(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(owner, 5)
    bad = ModelInteraction.objects.get(id="i-3").number
    load = load_outcomes

    def some(project_id: UUID, numbers: Sequence[int]) -> dict[int, Outcome]:
        if bad in numbers:
            raise ValueError("damaged")
        return load(project_id, numbers)

    monkeypatch.setattr(failed_outcomes, "load_outcomes", some)
    seen = refuse(monkeypatch, "")
    outcomes.count_outcomes(owner.pk, save=True)

    assert seen == ["i-0", "i-1", "i-2", "i-4"]
    assert FailedRecord.objects.get().number == bad


def test_what_was_set_aside_is_counted_once_when_queued_again(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(owner, 3)
    with monkeypatch.context() as broken:
        refuse(broken, "i-1")
        outcomes.count_outcomes(owner.pk, save=True)
    seen = refuse(monkeypatch, "")

    assert failed_outcomes.requeue_failed(owner.pk) == 1
    outcomes.count_outcomes(owner.pk, save=True)
    assert seen == ["i-1"]
    assert not FailedRecord.objects.exists()
