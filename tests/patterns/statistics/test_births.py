"""Patterns born and archived by time bucket; merged ones live on and are not counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from patterns.models import Pattern
from patterns.statistics.births import count_births
from patterns.statistics.time_window import Window
from tests.builders import pattern_row, project

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def test_each_is_counted_in_its_bucket() -> None:
    owner = project()
    window = Window.ending(NOW, "30d")
    for number, days in enumerate((0, 0, 3, 40)):
        row = pattern_row(owner, number)
        Pattern.objects.filter(pk=row.pk).update(created_at=NOW - timedelta(days=days))
    gone, merged = pattern_row(owner, 8), pattern_row(owner, 9)
    old = NOW - timedelta(days=60)
    Pattern.objects.filter(pk=gone.pk).update(
        created_at=old, status="archived", archived_at=NOW - timedelta(days=1)
    )
    Pattern.objects.filter(pk=merged.pk).update(
        created_at=NOW, status="archived", archived_at=NOW, redirect_to=gone.pk
    )
    born, archived = count_births(owner.pk, window)

    assert (born[-1], born[-4], sum(born)) == (2, 1, 3)
    assert (archived[-2], sum(archived)) == (1, 1)


def test_hours_are_told_apart_and_other_projects_left_out() -> None:
    owner = project()
    row, foreign = pattern_row(owner, 1), pattern_row(project("other"), 2)
    Pattern.objects.filter(pk__in=[row.pk, foreign.pk]).update(created_at=NOW - timedelta(hours=2))
    born, _ = count_births(owner.pk, Window.ending(NOW, "24h"))

    assert (born[-3], sum(born)) == (1, 1)
