"""Stored interactions are matched again with what is known now."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Project
from patterns.models import ModelInteraction, Payload
from patterns.recognition.match_stored import match_stored
from patterns.recognition.recognizer_cache import recognizers
from tests.builders import item, keep, learned

pytestmark = pytest.mark.django_db


def test_what_matches_comes_with_its_match_and_the_rest_is_passed_over(owner: Project) -> None:
    learned(owner, 8, tasks=2)
    keep(owner, [item(90, task_type="task.unknown", input={"nothing": ["like", "it"]})])
    Payload.objects.filter(pk=ModelInteraction.objects.get(id="i-3").number).update(data=b"\x00")
    Payload.objects.filter(pk=ModelInteraction.objects.get(id="i-4").number).delete()
    rows = list(ModelInteraction.objects.filter(project=owner).order_by("number"))

    found = list(match_stored(recognizers.for_learning(owner.pk), rows))

    assert [row.id for row, _ in found] == ["i-0", "i-1", "i-2", "i-5", "i-6", "i-7"]
    assert all(match.pattern_id == str(row.pattern_id) for row, match in found)


def test_the_payloads_are_read_with_one_query(
    owner: Project, django_assert_num_queries: Any
) -> None:
    learned(owner, 20)
    rows = list(ModelInteraction.objects.filter(project=owner))
    loaded = recognizers.for_learning(owner.pk)

    with django_assert_num_queries(1):
        assert len(list(match_stored(loaded, rows))) == 20
