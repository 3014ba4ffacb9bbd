"""A filled memory is one that use could have left: its rollups are what its interactions give."""

from __future__ import annotations

import numpy as np
import pytest

from patterns.models import Pattern, PatternHour
from patterns.statistics import recount, rollups
from tests.benchmarks.filling import fill
from tests.builders import project


@pytest.mark.django_db
def test_the_filled_rollups_are_those_of_a_recount() -> None:
    owner = project()
    fill(owner, 300, 4)
    hours = PatternHour.objects.filter(project=owner).exclude(hour=rollups.ALL_TIME)
    stored = {(row.hour, row.pattern_id, row.model_id): sums(row) for row in hours}
    counted = recount.recount_rollups(owner.pk, 0)

    assert stored.keys() == {(row.hour, row.pattern_id, row.model_id) for row in counted}
    for row in counted:
        assert stored[row.hour, row.pattern_id, row.model_id] == pytest.approx(sums(row))


@pytest.mark.django_db
def test_the_filled_patterns_count_their_interactions() -> None:
    owner = project()
    ids = fill(owner, 300, 4)
    uses = [Pattern.objects.get(pk=name).use_count for name in ids]

    assert sum(uses) == 300
    assert np.argmax(uses) == 0


def sums(row: PatternHour) -> list[float]:
    return [getattr(row, name) for name in rollups.SUMS]
