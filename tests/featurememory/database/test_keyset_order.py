"""Every order of a list is read from an index, from its beginning and from any place in it."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.database.keyset_order import KeysetOrder
from featurememory.http.pagination import value_of
from patterns.criteria import SORTS, PatternCriteria
from patterns.models import Pattern
from tests.builders import pattern_row, project
from tests.featurememory.database.plans import explain, sorts

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", SORTS)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
def test_no_order_of_patterns_sorts_what_it_reads(
    name: str, descending: bool, backwards: bool
) -> None:
    owner = project()
    row = pattern_row(owner, 1, effectiveness=0.5, success_rate=0.5, duration_p95=9, tokens_mean=3)
    rows: Any = PatternCriteria().apply(Pattern.objects.filter(project=owner))
    order = KeysetOrder(name, "pk", descending, backwards)

    for mark in (None, (value_of(row, name), str(row.pk)), (None, str(row.pk))):
        if mark and mark[0] is None and not Pattern._meta.get_field(name).null:
            continue
        for part in order.list_parts(rows, mark):
            plan = explain(part[:51])
            assert not sorts(plan), plan
            assert "SCAN patterns_pattern\n" not in plan, plan


def test_an_order_without_an_index_is_told_apart() -> None:
    rows = Pattern.objects.filter(project=project()).order_by("label")

    assert sorts(explain(rows[:51]))
