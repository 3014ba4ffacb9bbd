"""What could not be handled is noted with its reason, within bounds."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, InterfaceError

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from patterns import failed_records
from patterns.failed_records import count_failures, list_failures, note_failure
from patterns.models import FailedRecord, ModelInteraction
from tests.builders import damage, items, keep, learn_all

pytestmark = pytest.mark.django_db


def test_a_failure_is_kept_with_its_code_its_reason_and_how_often(owner: Project) -> None:
    for _ in range(3):
        note_failure(owner.pk, "repair", "support", IndexError("list index out of range"))
    (row,) = list_failures(owner.pk, 10)

    assert (row.work, row.subject, row.attempts) == ("repair", "support", 3)
    assert (row.code, row.reason) == ("UNKNOWN_ERROR", "IndexError: list index out of range")


def test_a_known_error_keeps_its_code(owner: Project) -> None:
    note_failure(owner.pk, "loading", "", FeatureMemoryError("no", ErrorCode.STORAGE_FAILED))

    assert FailedRecord.objects.get().code == "STORAGE_FAILED"


def test_any_text_can_be_noted(owner: Project) -> None:
    note_failure(owner.pk, "repair", "a\x00b\ud800", ValueError("x\x00\ud83d\n" * 500))

    row = FailedRecord.objects.get()
    assert row.subject == "a␀b?"
    assert len(row.reason) <= 500


@pytest.mark.parametrize("error", [InterfaceError("connection already closed"), DatabaseError()])
def test_noting_a_failure_never_raises(
    owner: Project, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(failed_records, "write_turn", fail)
    note_failure(owner.pk, "repair", "p", "broken")

    assert not FailedRecord.objects.exists()


def test_the_oldest_failures_go_first(owner: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failed_records, "MOST", 3)
    for number in range(5):
        note_failure(owner.pk, "repair", f"p{number}", "broken")

    assert [row.subject for row in list_failures(owner.pk, 10)] == ["p4", "p3", "p2"]


def test_interactions_are_counted_by_their_state_and_other_work_by_its_records(
    owner: Project,
) -> None:
    keep(owner, items(3))
    damage(owner, "i-1")
    learn_all(owner)
    note_failure(owner.pk, "repair", "p", "broken")
    note_failure(owner.pk, "learning", "", "the project itself")

    assert count_failures() == {(owner.pk, "learning"): 2, (owner.pk, "repair"): 1}


def test_what_was_noted_about_a_deleted_interaction_goes_with_it(owner: Project) -> None:
    from patterns.retention.delete_interactions import forget_interactions

    keep(owner, items(1))
    damage(owner, "i-0")
    learn_all(owner)
    assert FailedRecord.objects.count() == 1
    forget_interactions(owner, 1)

    assert (FailedRecord.objects.count(), ModelInteraction.objects.count()) == (0, 0)
