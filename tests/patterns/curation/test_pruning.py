"""People's decisions: whole or not at all, never in the middle of a batch, and told afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Activity, Project
from patterns.curation import editing, learner_turn, merging, splitting
from patterns.curation.editing import judge_match
from patterns.curation.merging import merge_patterns
from patterns.curation.pruning import count_consequences, prune_patterns, select_trash
from patterns.curation.undo import undo_or_restore
from patterns.models import Operation, Pattern, PatternEvent
from patterns.recognition import lease
from patterns.recognition.recognizer_cache import recognizers
from tests.builders import items, keep, learn_all, learned, pattern_row, project, uses_and_recount

pytestmark = pytest.mark.django_db


def test_while_a_batch_is_learned_a_decision_waits_and_then_says_so(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = learned(owner, 3)
    lease.acquire_lease(owner.pk, "another:1")
    monkeypatch.setattr(learner_turn, "PATIENCE_S", 0.01)

    with pytest.raises(FeatureMemoryError) as refused:
        judge_match(owner, row, success=False)
    assert refused.value.code is ErrorCode.OVERLOADED
    assert refused.value.details["retry_after"] >= 1


def test_a_decision_waits_no_longer_than_its_patience_for_this_process_own_learning(
    owner: Project, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EMBEDDED = True
    waited: list[float] = []
    monkeypatch.setattr(learner_turn, "PATIENCE_S", 0.01)

    class Busy:
        def acquire(self, timeout: float) -> bool:
            waited.append(timeout)
            return False

    monkeypatch.setattr(lease, "_here", Busy())
    with pytest.raises(FeatureMemoryError), learner_turn.learning_turn(owner):
        pass
    assert max(waited) <= 0.01


@pytest.mark.parametrize("decide", ["judge", "merge", "split"])
def test_a_decision_that_cannot_be_saved_is_forgotten_by_the_recogniser_too(
    owner: Project, decide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = learned(owner, 20, tasks=2)
    before = list(Pattern.objects.order_by("pk").values()), uses_and_recount(owner)
    orders: dict[str, Callable[[], object]] = {
        "judge": lambda: judge_match(owner, first, success=False),
        "merge": lambda: merge_patterns(owner, [str(first.pk), str(second.pk)], "ana"),
        "split": lambda: splitting.split_pattern(
            owner, str(first.pk), "ana", slot=first.slots[0]["name"], example_ids=[]
        ),
    }
    with monkeypatch.context() as broken:
        for module in (editing, merging, splitting):
            broken.setattr(module, "save_recognizer", None)
        with pytest.raises(TypeError):
            orders[decide]()
    assert (list(Pattern.objects.order_by("pk").values()), uses_and_recount(owner)) == before

    kept = recognizers.for_learning(owner.pk).recognizer
    assert {state.id: state.confidence for state in kept} == {
        str(row.pk): row.confidence for row in (first, second)
    }
    assert not Operation.objects.exists()


def test_consequences_count_patterns_interactions_and_bytes(owner: Project) -> None:
    for number in range(3):
        pattern_row(owner, number, use_count=number, size_bytes=100)
    pattern_row(owner, 9, status="archived", use_count=50)

    found = count_consequences(owner, Pattern.objects.all())
    assert (found.patterns, found.interactions, found.bytes) == (3, 3, 300)


def test_a_prune_is_told_in_the_activity_with_its_undo(owner: Project) -> None:
    pattern_row(owner, 1)
    pattern_row(owner, 2)
    operation = prune_patterns(owner, Pattern.objects.all(), "ana")

    told = Activity.objects.get(project=owner)
    assert (told.summary, told.actor, told.operation_id) == (
        "Pruned 2 patterns",
        "ana",
        operation.pk,
    )
    assert PatternEvent.objects.filter(kind="pruned", actor="ana").count() == 2


def test_undo_gives_each_pattern_its_own_state_back(owner: Project) -> None:
    states = ["validated", "candidate", "drifting"]
    rows = [pattern_row(owner, n, status=status) for n, status in enumerate(states)]
    operation = prune_patterns(owner, Pattern.objects.all(), "ana")
    undo_or_restore(owner, "tom", operation.pk)

    assert [Pattern.objects.get(pk=row.pk).status for row in rows] == states


def test_after_thirty_days_nothing_comes_back(owner: Project) -> None:
    row = pattern_row(owner)
    operation = prune_patterns(owner, Pattern.objects.all(), "ana")
    long_ago = timezone.now() - timedelta(days=31)
    Operation.objects.update(at=long_ago)
    Pattern.objects.update(archived_at=long_ago)

    with pytest.raises(FeatureMemoryError) as refused:
        undo_or_restore(owner, "ana", operation.pk)
    assert refused.value.code is ErrorCode.CONFLICT
    with pytest.raises(FeatureMemoryError):
        undo_or_restore(owner, "ana", ids=[str(row.pk)])


def test_the_trash_holds_neither_merged_nor_evicted_patterns(owner: Project) -> None:
    target = pattern_row(owner, 1)
    now = timezone.now()
    gone: dict[str, Any] = {"status": "archived", "archived_at": now}
    trashed = pattern_row(owner, 2, **gone)
    pattern_row(owner, 3, **gone, redirect_to=target.pk)
    pattern_row(owner, 4, **gone, state=None)

    assert [row.pk for row in select_trash(owner)] == [trashed.pk]


def test_another_projects_operation_cannot_be_undone(owner: Project) -> None:
    row = pattern_row(owner)
    operation = prune_patterns(owner, Pattern.objects.all(), "ana")
    with pytest.raises(FeatureMemoryError) as refused:
        undo_or_restore(project(), "eve", operation.pk)

    assert refused.value.code is ErrorCode.NOT_FOUND
    row.refresh_from_db()
    assert row.status == "archived"


def test_a_verdict_counts_after_restart(owner: Project) -> None:
    (row,) = learned(owner, 5)
    before = row.confidence
    after = judge_match(owner, row, success=False).confidence
    recognizers.drop()
    keep(owner, items(1, start=50))
    learn_all(owner)

    assert after < before
    assert recognizers.for_learning(owner.pk).recognizer.get(str(row.pk)).wrong == 1
