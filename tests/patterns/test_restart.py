"""A process that dies between two snapshots: the stream goes on as if nothing had happened."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from featurememory.models import Project
from integration.learning.learn_batch import learn_next_batch
from integration.repair.save_repair import consolidate_project
from patterns.curation import merging
from patterns.models import Learner, ModelInteraction, Pattern
from patterns.recognition.recognizer_cache import load_recognizer, recognizers
from tests.builders import item, keep, learn_all, project
from tests.patterns.engine.streams import mixed

pytestmark = pytest.mark.django_db
SAME = UUID(int=0x0193_4567)


def stream(count: int, seed: int = 5) -> list[dict[str, Any]]:
    return [
        item(n, id=one.id, input=one.input, task_type="t")
        for n, one in enumerate(mixed(count, seed))
    ]


def run(dies_after: set[int]) -> tuple[list[Any], bytes]:
    """The pattern of each of 300 interactions, learned in batches of 12 with a repair half way."""
    Project.objects.filter(pk=SAME).delete()
    owner = Project.objects.create(pk=SAME, name="same")
    keep(owner, stream(300))
    for number in range(25):
        learn_next_batch(owner.pk, 12)
        if number == 12:
            consolidate_project(owner.pk)
        if number in dies_after:
            recognizers.drop()
    rows = ModelInteraction.objects.filter(project=owner).order_by("number")
    found = list(rows.values_list("id", "pattern_id", "confidence"))
    return found, recognizers.for_learning(owner.pk).recognizer.snapshot()


@pytest.mark.parametrize("dies_after", [{3}, {15, 16, 20}, set(range(25))])
def test_the_same_stream_goes_on_with_the_same_patterns(dies_after: set[int]) -> None:
    through, snapshot = run(set())
    again, snapshot_again = run(dies_after)

    assert [row[:2] for row in again] == [row[:2] for row in through]
    assert [row[2] for row in again] == pytest.approx([row[2] for row in through])
    assert sorted(json.dumps(s) for s in samples(snapshot_again)) == sorted(
        json.dumps(s) for s in samples(snapshot)
    )


def samples(snapshot: bytes) -> list[Any]:
    return list(msgspec.msgpack.decode(snapshot)[1])


def test_between_snapshots_only_numbers_are_written() -> None:
    owner = project()
    keep(owner, stream(240))
    learn_all(owner, limit=12)
    learner = Learner.objects.get(pk=owner.pk)
    before = bytes(learner.snapshot or b"")
    keep(owner, [item(900, task_type="t")])
    learn_all(owner)

    learner.refresh_from_db()
    assert bytes(learner.snapshot or b"") == before
    assert 0 < len(learner.unsaved) < 500
    assert len(load_recognizer(owner.pk).recognizer.memory.reservoir) == 241


def test_what_was_forgotten_or_damaged_since_is_left_out() -> None:
    owner = project()
    keep(owner, stream(240))
    learn_all(owner, limit=12)
    keep(owner, [item(900, task_type="t"), item(901, task_type="t")])
    learn_all(owner)
    ModelInteraction.objects.get(project=owner, id="i-900").delete()

    assert len(load_recognizer(owner.pk).recognizer.memory.reservoir) == 241


def test_a_merge_of_prompts_holds_after_a_restart() -> None:
    owner = project()
    keep(owner, [row for row in stream(300) if isinstance(row["input"], str)])
    learn_all(owner)
    consolidate_project(owner.pk)
    rows = Pattern.objects.stored().filter(project=owner, kind="text").order_by("-use_count")
    first, second = (str(row.pk) for row in rows[:2])
    merging.merge_patterns(owner, [first, second], "a person")
    examples = ModelInteraction.objects.filter(project=owner, pattern_id__in=[first, second])
    ids = set(examples.values_list("id", flat=True))
    recognizers.drop()

    recognizer = recognizers.for_learning(owner.pk).recognizer
    asked = [one for one in mixed(300, 5) if one.id in ids]
    found = [recognizer.match_one(replace(one, task_type="t")) for one in asked]
    assert len(asked) > 40
    assert {match.pattern_id for match in found if match} <= {first, second}
    assert sum(match is None for match in found) == 0
