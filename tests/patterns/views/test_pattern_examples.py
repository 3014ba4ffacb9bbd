"""Examples of a pattern: what went wrong comes first."""

from __future__ import annotations

import pytest

from featurememory.models import Project
from patterns.models import ModelInteraction
from patterns.views.pattern_examples import SHOWN, list_examples, rank_outcome
from tests.builders import learned

pytestmark = pytest.mark.django_db


def test_failed_ones_come_first_then_badly_scored_then_the_newest(owner: Project) -> None:
    (row,) = learned(owner, 20)
    numbers = list(ModelInteraction.objects.order_by("number").values_list("number", flat=True))
    ModelInteraction.objects.update(success=True, score=0.9)
    ModelInteraction.objects.filter(number=numbers[3]).update(success=False, score=0.1)
    ModelInteraction.objects.filter(number=numbers[5]).update(success=None, score=0.2)
    examples = list_examples(owner, [row.pk])
    found = [one["row"].number for one in examples["rows"]]

    assert found[:2] == [numbers[3], numbers[5]]
    assert found[2:] == numbers[::-1][:SHOWN]
    assert examples["tabs"] == [
        ("failed", "Failed", 1),
        ("poor", "Badly scored", 1),
        ("good", "Succeeded", 18),
    ]


def test_outcomes_nobody_judged_rank_with_good_ones() -> None:
    assert rank_outcome(None, None) == rank_outcome(True, 0.9)
