"""The tracker: what was tracked is visible in the summary, per pattern and model."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.tracker import PerformanceTracker, shrink_quality
from tests.builders import items, keep, learn_all, learned, project

pytestmark = pytest.mark.django_db


def test_a_tracked_interaction_is_visible_in_the_summary() -> None:
    owner = project()
    (pattern,) = learned(owner, 4)

    (figures,) = PerformanceTracker(owner.pk).summary([str(pattern.pk)])[str(pattern.pk)]
    assert (figures.pattern_id, figures.model_id, figures.count) == (
        str(pattern.pk),
        "gpt-5-mini",
        4,
    )
    assert figures.success_rate == 0.75
    assert figures.effectiveness == pytest.approx((3 + 1) / (4 + 2))
    assert (figures.tokens_mean, figures.memory_mean) == (100, 1 << 20)
    assert (figures.cost_mean, figures.cost_sum) == (0.25, 1.0)
    assert 800 <= figures.duration_p50 <= figures.duration_p95 <= 803


def test_models_stand_side_by_side_most_used_first() -> None:
    owner = project()
    keep(owner, items(3, model_id="rare"))
    keep(owner, items(5, start=10, model_id="usual"))
    learn_all(owner)
    (pattern,) = learned(owner, 0)

    found = PerformanceTracker(owner.pk).summary([str(pattern.pk)])[str(pattern.pk)]
    assert [(row.model_id, row.count) for row in found] == [("usual", 5), ("rare", 3)]


def test_what_nobody_told_is_none() -> None:
    owner = project()
    silent: dict[str, Any] = {"success": None, "usage": None}
    (pattern,) = learned(owner, 2, **silent)
    (figures,) = PerformanceTracker(owner.pk).summary([str(pattern.pk)])[str(pattern.pk)]

    assert (figures.success_rate, figures.effectiveness) == (None, None)
    assert (figures.cost_mean, figures.cost_sum) == (None, None)


def test_an_unknown_pattern_has_an_empty_summary() -> None:
    name = "00000000-0000-7000-8000-000000000001"

    assert PerformanceTracker(project().pk).summary([name]) == {name: []}


def test_another_project_sees_nothing() -> None:
    owner = project()
    (pattern,) = learned(owner, 3)

    assert PerformanceTracker(project().pk).summary([str(pattern.pk)])[str(pattern.pk)] == []


def test_effectiveness_is_shrunk_towards_a_half_by_two_imagined_uses() -> None:
    assert shrink_quality(0.0, 0) is None
    assert shrink_quality(1.0, 1) == pytest.approx(2 / 3)
    assert shrink_quality(100.0, 100) == pytest.approx(101 / 102)
