"""Search finds any case in any script, on both databases alike."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Project
from integration.views.system import find_patterns
from patterns.models import Pattern
from tests.builders import Caller, pattern_row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text", ["Тест", "тест", "ТЕСТ", "RÉSUMÉ", "résumé", "order", "ORDER 50%_"]
)
def test_a_pattern_is_found_by_any_case_of_its_text(api: Caller, owner: Project, text: str) -> None:
    pattern_row(owner, 1, template="Order 50%_ off", task_type="Тест résumé", label=None)
    pattern_row(owner, 2, template="Another", task_type="", label=None)

    found = api.get("patterns/", q=text).json()["data"]
    assert [row["template"] for row in found] == ["Order 50%_ off"]
    assert [row.template for row in find_patterns(owner, text)] == ["Order 50%_ off"]


@pytest.mark.parametrize("text", ["тест1", "%", "_", "é%", "\\é"])
def test_signs_of_the_database_are_plain_text(api: Caller, owner: Project, text: str) -> None:
    pattern_row(owner, 1, template="Тест été", task_type="", label=None)

    assert api.get("patterns/", q=text).json()["data"] == []


def test_only_a_search_with_other_letters_needs_our_function(
    django_assert_num_queries: Any, owner: Project
) -> None:
    list(Pattern.objects.filter(label__contains_text="тест"))  # asks PostgreSQL for its collations
    with django_assert_num_queries(2) as seen:
        list(Pattern.objects.filter(label__contains_text="order"))
        list(Pattern.objects.filter(label__contains_text="тест"))
    plain, folded = (query["sql"] for query in seen)
    assert "fm_fold" not in plain
    assert "COLLATE" not in plain
    assert "fm_fold" in folded or "COLLATE" in folded
