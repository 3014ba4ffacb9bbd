"""Marks on the time axis: rollbacks before what was switched on, thresholds last, labels apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from featurememory.models import ConfigVersion, Project
from integration.views.overview.marks import list_marks, touches
from optimizations.models import Optimization, OptimizationEvent
from patterns.charts.plotly_parts import Mark
from patterns.statistics.time_window import Window
from tests.builders import project

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def happened(owner: Project, days: int, after: str, name: str = "o") -> None:
    at = NOW - timedelta(days=days)
    OptimizationEvent.objects.create(
        project=owner, optimization_id=name, at=at, before="trial", after=after
    )


def texts(owner: Project) -> list[str]:
    return [mark.text for mark in list_marks(owner, Window.ending(NOW, "30d"))]


def test_a_change_is_marked_where_it_began_and_where_it_was_rolled_back() -> None:
    owner = project()
    Optimization.objects.create(project=owner, id="o", type="route_model", task_type="invoice")
    happened(owner, 20, "active")
    happened(owner, 5, "suspended")
    happened(owner, 10, "rejected")

    assert texts(owner) == ["invoice on", "invoice rolled back"]


def test_of_two_close_together_the_more_telling_one_stays() -> None:
    owner = project()
    happened(owner, 9, "active", "a")
    happened(owner, 8, "suspended", "b")

    assert texts(owner) == ["change rolled back"]


def test_changed_thresholds_are_named() -> None:
    owner = project()
    changes = {"holdout": [0.1, 0.2], "cost_weight": [0.1, 0.2]}
    ConfigVersion.objects.create(
        project=owner, number=2, changes=changes, actor="eva", at=NOW - timedelta(days=3)
    )

    (text,) = texts(owner)
    assert text.endswith("+ 1 changed")


def test_another_project_s_changes_are_not_marked() -> None:
    happened(project("other"), 5, "active")

    assert texts(project("mine")) == []


def test_a_label_that_would_touch_the_one_before_stands_above_it() -> None:
    before = Mark("x", "faq.answer on")

    assert touches(before, 0.5, 0.64, "invoice.extract rolled back")
    assert not touches(before, 0.1, 0.64, "invoice.extract rolled back")
    assert not touches(replace(before, raised=True), 0.5, 0.64, "invoice.extract rolled back")
