"""Figures that lists are sorted by follow the rollups through whatever changes those."""

from __future__ import annotations

import pytest

from featurememory.models import Project
from patterns.curation.merging import merge_patterns
from patterns.curation.undo import undo_or_restore
from patterns.models import Pattern
from tests.builders import caller, check_list_figures, learned, project

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Project:
    return project()


def test_learning_writes_them(owner: Project) -> None:
    (row,) = learned(owner, 8)

    assert row.success_rate == 0.75
    assert row.tokens_mean == 100
    assert row.duration_p95 == pytest.approx(807, abs=2)
    check_list_figures(owner)


def test_what_was_never_reported_is_unknown_and_not_zero(owner: Project) -> None:
    metadata = {"timestamp": "2026-11-22T12:00:00Z", "duration": 12}
    (row,) = learned(owner, 4, success=..., usage=..., metadata=metadata)

    assert (row.success_rate, row.duration_p95, row.tokens_mean) == (None, 12, None)


def test_late_feedback_corrects_them(owner: Project) -> None:
    (row,) = learned(owner, 8)
    body = {"interaction_id": "i-3", "metric_name": "success", "value": True}

    assert caller(owner).post("feedback/", body).status_code < 300

    row.refresh_from_db()
    assert row.success_rate == 0.875


def test_a_merge_adds_up_and_its_undo_takes_apart(owner: Project) -> None:
    first, second = learned(owner, 40, tasks=2)
    before = {first.success_rate, second.success_rate}
    assert len(before) == 2

    operation, (target,) = merge_patterns(owner, [str(first.pk), str(second.pk)], "eva")

    assert Pattern.objects.get(pk=target).success_rate == 0.75
    check_list_figures(owner)
    undo_or_restore(owner, "eva", operation_id=operation.pk)
    for row in (first, second):
        known = row.success_rate
        row.refresh_from_db()
        assert row.success_rate == known
    check_list_figures(owner)
