"""Learning: what waits becomes patterns exactly once, whatever happens in the middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from featurememory.models import FeatureMemoryConfig, Project
from featurememory.process import request_priority
from integration.learning import learn_batch, pattern_changes
from integration.learning.learn_batch import learn_next_batch
from integration.learning.pattern_changes import Batch
from patterns.curation import pruning
from patterns.models import Learner, ModelInteraction, Pattern, PatternEvent, ProjectHour
from patterns.recognition import lease
from patterns.recognition.recognizer_cache import PatternsChanged, recognizers
from tests import builders
from tests.builders import items, keep, learn_all, learned, project, states_of

pytestmark = pytest.mark.django_db


def test_every_waiting_interaction_gets_a_pattern_and_a_confidence() -> None:
    owner = project()
    keep(owner, items(6, tasks=2))

    assert learn_all(owner) == 6

    rows = ModelInteraction.objects.filter(project=owner)
    assert {row.state for row in rows} == {1}
    assert all(row.pattern_id and 0 <= row.confidence <= 1 and row.recognized_at for row in rows)


def test_interactions_of_one_task_share_a_pattern_and_other_tasks_do_not() -> None:
    owner = project()
    first, second = learned(owner, 10, tasks=2)

    assert (first.task_type, first.use_count) == ("task.0", 5)
    assert (second.task_type, second.use_count) == ("task.1", 5)


def test_learning_twice_in_a_row_changes_nothing() -> None:
    owner = project()
    learned(owner, 8, tasks=2)
    before = builders.uses_and_recount(owner), builders.rollup_figures(owner)

    assert learn_next_batch(owner.pk).count == 0
    assert (builders.uses_and_recount(owner), builders.rollup_figures(owner)) == before


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_use_counts_equal_a_recount_however_the_stream_is_cut(limit: int) -> None:
    owner = project()
    keep(owner, items(20, tasks=3))
    learn_all(owner, limit)

    stated, counted = builders.uses_and_recount(owner)
    assert stated == counted
    assert sum(counted.values()) == 20


def test_rollups_equal_a_recount() -> None:
    owner = project()
    keep(owner, items(30, tasks=3))
    keep(
        owner,
        [builders.item(100 + n, timestamp=builders.NOON - n * builders.HOUR) for n in range(5)],
    )
    learn_all(owner, limit=7)

    figures = builders.rollup_figures(owner)
    assert figures
    assert figures == builders.rebuilt_figures(owner)


@pytest.mark.parametrize("step", ["mark_rows", "save_patterns", "count_hour"])
def test_a_crash_while_saving_loses_and_doubles_nothing(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = project()
    learned(owner, 5)
    keep(owner, items(5, start=5))
    with monkeypatch.context() as broken:
        broken.setattr(learn_batch, step, crash_after(getattr(learn_batch, step)))
        with pytest.raises(Crash):
            learn_next_batch(owner.pk)
    assert states_of(owner) == {0: 5, 1: 5}

    assert learn_all(owner) == 5
    assert builders.uses_and_recount(owner) == ({the_only(owner): 10}, {the_only(owner): 10})
    assert builders.rollup_figures(owner) == builders.rebuilt_figures(owner)


class Crash(BaseException):
    """Not an Exception: the process ends here, as by SIGKILL."""


def crash_after(work: Callable[..., Any]) -> Callable[..., Any]:
    def crashing(*args: Any, **kwargs: Any) -> Any:
        work(*args, **kwargs)
        raise Crash

    return crashing


def the_only(owner: Project) -> str:
    return str(Pattern.objects.get(project=owner).pk)


def test_a_batch_recognised_before_an_edit_is_not_saved_after_it() -> None:
    owner = project()
    learned(owner, 4)
    keep(owner, items(4, start=4))
    kept = recognizers.for_learning(owner.pk)
    batch = learn_batch.recognise_rows(kept, learn_batch.read_pending(owner.pk, 10))
    pruning.prune_patterns(owner, Pattern.objects.all(), "a person")

    with pytest.raises(PatternsChanged):
        learn_batch.save_batch(owner.pk, kept, batch)
    assert states_of(owner)[0] == 4


def test_after_an_edit_in_the_middle_the_batch_is_learned_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    (pattern,) = learned(owner, 4)
    keep(owner, items(4, start=4))
    recognise = learn_batch.recognise_rows

    def prune_meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(learn_batch, "recognise_rows", recognise)
        batch = recognise(*args)
        pruning.prune_patterns(owner, Pattern.objects.all(), "a person")
        return batch

    monkeypatch.setattr(learn_batch, "recognise_rows", prune_meanwhile)
    assert learn_all(owner) == 4

    stated, counted = builders.uses_and_recount(owner)
    assert stated == counted
    assert counted[str(pattern.pk)] == 4


def test_a_damaged_payload_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    owner = project()
    keep(owner, items(5))
    builders.damage(owner, "i-2")

    assert learn_all(owner) == 4
    assert states_of(owner) == {1: 4, 2: 1}
    assert [r.code for r in caplog.records if hasattr(r, "code")] == ["RECOGNITION_FAILED"]


def test_a_text_of_any_escapes_is_learned_and_holds_up_nothing() -> None:
    owner = project()
    texts = [r"a literal \u0000 here", "a NUL \x00 here", r"\\u0000", "\\u0000\x00", "fine"]
    keep(owner, [builders.item(n, input=text) for n, text in enumerate(texts)])

    assert learn_all(owner) == 5
    assert states_of(owner) == {1: 5}


def test_a_row_that_cannot_be_saved_is_set_aside_and_all_others_are_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    keep(owner, items(9))
    mark_rows = learn_batch.mark_rows

    def refuse_one(batch: Batch, version: str) -> None:
        if any(row.id == "i-4" for row, _ in batch.rows):
            raise ValueError("a text no database takes")
        mark_rows(batch, version)

    monkeypatch.setattr(learn_batch, "mark_rows", refuse_one)
    assert learn_all(owner) == 8

    assert states_of(owner) == {1: 8, 2: 1}
    assert ModelInteraction.objects.get(project=owner, state=2).id == "i-4"
    assert builders.uses_and_recount(owner) == ({the_only(owner): 8}, {the_only(owner): 8})


def test_a_full_disk_sets_nothing_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = project()
    keep(owner, items(3))
    full = OperationalError("database or disk is full")
    monkeypatch.setattr(learn_batch, "mark_rows", raising(full))

    with pytest.raises(OperationalError):
        learn_next_batch(owner.pk)
    assert states_of(owner) == {0: 3}


def raising(error: Exception) -> Callable[..., None]:
    def fail(*args: Any) -> None:
        raise error

    return fail


def test_a_damaged_pattern_matches_nothing_and_learning_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    owner = project()
    (damaged,) = learned(owner, 3)
    Pattern.objects.filter(project=owner).update(state=b"\xc1 no state")
    recognizers.drop()
    keep(owner, items(3, start=3))

    assert learn_all(owner) == 3
    assert "cannot be read" in caplog.text
    stated, counted = builders.uses_and_recount(owner)
    assert stated == counted
    assert stated[str(damaged.pk)] == 3


def test_a_damaged_snapshot_does_not_stop_learning() -> None:
    owner = project()
    learned(owner, 3)
    Learner.objects.filter(pk=owner.pk).update(snapshot=b"\xc1 no snapshot")
    recognizers.drop()
    keep(owner, items(3, start=3))

    assert learn_all(owner) == 3


def test_while_another_worker_holds_the_lease_nothing_is_learned() -> None:
    owner = project()
    keep(owner, items(3))
    lease.acquire_lease(owner.pk, "another:1")

    done = learn_next_batch(owner.pk)
    assert (done.count, done.more, done.busy) == (0, True, True)

    lease.release_lease(owner.pk, "another:1")
    assert learn_all(owner) == 3


def test_two_projects_with_the_same_interactions_share_no_pattern() -> None:
    first, second = project(), project()
    (mine,) = learned(first, 3)
    learned(second, 3)

    mine.refresh_from_db()
    assert mine.use_count == 3
    assert Pattern.objects.get(project=second).use_count == 3


def test_beyond_max_patterns_the_weakest_go_to_the_trash_and_counts_stay_exact() -> None:
    owner = project()
    FeatureMemoryConfig.objects.create(project=owner, max_patterns=3)
    keep(owner, items(16, tasks=8))
    learn_all(owner, limit=5)

    assert Pattern.objects.stored().filter(project=owner).count() == 3
    stated, counted = builders.uses_and_recount(owner)
    assert stated == counted
    assert sum(counted.values()) == 16


def test_a_template_that_reads_differently_leaves_an_entry_in_the_history() -> None:
    owner = project()
    row = builders.pattern_row(owner, 1, use_count=3)
    changed = builders.state(7, id=str(row.pk), use_count=4)

    pattern_changes.record_new_templates(owner, [changed])
    pattern_changes.record_new_templates(owner, [builders.state(1, id=str(row.pk), use_count=4)])

    event = PatternEvent.objects.get(project=owner, pattern_id=row.pk)
    assert (event.kind, event.template) == ("template", "Where is order 7 <id>")
    assert event.details == {"before": "Where is order 1 <id>"}


def test_the_hour_counts_recognised_matched_and_engine_times() -> None:
    owner = project()
    learned(owner, 10, tasks=2)

    hour = ProjectHour.objects.get(project=owner)
    assert (hour.recognized, hour.matched) == (10, 8)
    assert hour.recognition_ms


def test_waiting_projects_are_those_with_pending_interactions() -> None:
    idle, busy = project(), project()
    learned(idle, 2)
    keep(busy, items(1))

    assert learn_batch.find_waiting_projects() == [busy.pk]


def test_recognition_gives_way_to_requests_unless_it_is_far_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, shared = project(), list[float]()
    monkeypatch.setattr(request_priority, "yield_after", shared.append)
    learned(owner, 3)
    assert len(shared) == 3

    keep(owner, items(2, start=3))
    long_ago = lease.now_ms() - learn_batch.LATE_MS - 1
    ModelInteraction.objects.filter(project=owner, state=0).update(received_at=long_ago)
    assert learn_all(owner) == 2
    assert len(shared) == 3


def test_outcomes_of_decisions_are_learned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, shared = project(), list[float]()
    monkeypatch.setattr(request_priority, "yield_after", shared.append)
    keep(owner, [{**item, "decision_id": f"d{n}"} for n, item in enumerate(items(2))])
    assert learn_all(owner) == 2
    assert shared == []
