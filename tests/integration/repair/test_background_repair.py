"""Repairs beside learning: what comes meanwhile joins in, people's changes win, nothing is lost."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from featurememory.models import Project
from integration.repair import background_repair, planner_client, repair_schedule, save_repair
from integration.repair.background_repair import (
    copy_recognizer,
    put_plans_in_place,
    repair_project,
)
from integration.repair.planner_client import PlannerClient
from integration.repair.repair_schedule import claim_repair, repair_claimed
from integration.repair.save_repair import save_consolidation
from patterns.curation import editing, merging, pruning, splitting
from patterns.engine.domain.results import Consolidation
from patterns.models import Learner, ModelInteraction, Pattern, PatternEvent
from patterns.recognition import lease, repair_process
from patterns.recognition.recognizer_cache import load_recognizer, recognizers
from tests.builders import (
    check_counts,
    item,
    keep,
    learn_all,
    project,
    uses_and_recount,
)
from tests.patterns.engine.streams import TEMPLATES, WORDS, filling

pytestmark = pytest.mark.django_db


def asked(number: int, **changes: Any) -> dict[str, Any]:
    """Prompts of two templates by turns."""
    text = TEMPLATES[number % 2].format(filling(random.Random(number)))
    return item(number, input=text, task_type="t", **changes)


def learn_some(owner: Project, *numbers: int) -> None:
    keep(owner, [asked(number) for number in numbers])
    learn_all(owner, limit=7)


def never() -> bool:
    return False


def meanwhile(owner: Project, change: Callable[[], object]) -> Consolidation:
    """A repair in which this happens after the plans are made and before they are in place."""
    copy = copy_recognizer(owner.pk)
    with PlannerClient(copy, never) as workshop:
        planned = list(workshop.plans(owner.pk))
    change()
    return put_plans_in_place(owner.pk, planned, copy.passages, copy.learned)


def in_use(owner: Project) -> list[Pattern]:
    return list(Pattern.objects.stored().filter(project=owner).order_by("template"))


def test_a_repair_in_the_background_ends_like_one_here_and_now(owner: Project) -> None:
    learn_some(owner, *range(40))
    here = load_recognizer(owner.pk)
    expected = here.recognizer.consolidate()

    assert repair_project(owner.pk, never) == expected
    kept = recognizers.for_learning(owner.pk).recognizer
    assert kept.snapshot() == here.recognizer.snapshot()
    assert load_recognizer(owner.pk).recognizer.snapshot() == here.recognizer.snapshot()
    check_counts(owner, 40)


def test_the_log_says_what_a_repair_did_in_words_of_the_documentation(
    owner: Project, caplog: pytest.LogCaptureFixture
) -> None:
    learn_some(owner, *range(40))
    with caplog.at_level(logging.INFO, "featurememory.repairs"):
        done = repair_project(owner.pk, never)

    told = [line.getMessage() for line in caplog.records if line.name == "featurememory.repairs"]
    applied, complete = told
    merged = sum(change.kind == "merged" for change in done.changes)
    assert applied.startswith(
        f"Project {owner.pk}: repaired the patterns of 1 kind of text: {merged} merged, "
    )
    assert complete.startswith(f"Project {owner.pk}: the repair is complete, ")


def test_what_was_learned_meanwhile_joins_the_repaired_patterns(owner: Project) -> None:
    learn_some(owner, *range(40))
    meanwhile(owner, lambda: learn_some(owner, *range(40, 90)))

    check_counts(owner, 90)
    assert [row.use_count for row in in_use(owner)] == [45, 45]
    learn_some(owner, 90)
    check_counts(owner, 91)
    assert len(in_use(owner)) == 2


def test_learned_meanwhile_counts_for_the_next_repair(owner: Project) -> None:
    learn_some(owner, *range(40))
    meanwhile(owner, lambda: learn_some(owner, *range(40, 60)))

    learner = Learner.objects.get(pk=owner.pk)
    assert learner.learned_since == 20
    assert learner.consolidated_at is not None


def test_many_that_came_while_it_planned_are_planned_too(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner_client, "CAME", 5)
    learn_some(owner, *range(40))
    copy = copy_recognizer(owner.pk)
    with PlannerClient(copy, never) as workshop:
        planned = workshop.plan(copy.drafts[0], owner.pk)
        learn_some(owner, *range(40, 70))
        assert planned
        assert len(workshop.add_newcomers(owner.pk, planned).known) == 70
    put_plans_in_place(owner.pk, [planned], copy.passages, copy.learned)

    check_counts(owner, 70)
    assert [row.use_count for row in in_use(owner)] == [35, 35]


def test_a_pattern_pruned_meanwhile_stays_pruned(owner: Project) -> None:
    learn_some(owner, *range(40))
    repair_project(owner.pk, never)
    first = in_use(owner)[0]
    meanwhile(
        owner,
        lambda: pruning.prune_patterns(owner, Pattern.objects.filter(pk=first.pk), "a person"),
    )

    first.refresh_from_db()
    assert first.status == "archived"
    assert len(in_use(owner)) == 1
    assert str(first.pk) not in recognizers.for_learning(owner.pk).recognizer


def test_patterns_merged_meanwhile_stay_merged(owner: Project) -> None:
    learn_some(owner, *range(40))
    repair_project(owner.pk, never)
    ids = [str(row.pk) for row in in_use(owner)]
    meanwhile(owner, lambda: merging.merge_patterns(owner, ids, "a person"))

    check_counts(owner, 40)
    (row,) = in_use(owner)
    assert row.use_count == 40
    recognizers.drop()
    learn_some(owner, 41, 42)
    assert [one.use_count for one in in_use(owner)] == [42]


def test_a_label_given_meanwhile_stays(owner: Project) -> None:
    learn_some(owner, *range(40))
    repair_project(owner.pk, never)
    first = in_use(owner)[0]
    meanwhile(
        owner, lambda: editing.edit_pattern(owner, first, "a person", label="Mine", pinned=True)
    )

    row = Pattern.objects.get(pk=first.pk)
    state = recognizers.for_learning(owner.pk).recognizer.get(str(first.pk))
    assert (row.label, row.pinned, state.label, state.pinned) == ("Mine", True, "Mine", True)


def test_a_split_made_meanwhile_stays(owner: Project) -> None:
    keep(owner, [item(n, input={"city": WORDS[n % 2], "n": n}, task_type="j") for n in range(30)])
    learn_all(owner)
    (row,) = in_use(owner)
    meanwhile(
        owner,
        lambda: splitting.split_pattern(
            owner, str(row.pk), "a person", slot="city", example_ids=[]
        ),
    )

    keep(owner, [item(31, input={"city": WORDS[1], "n": 3}, task_type="j")])
    learn_all(owner)
    newest = ModelInteraction.objects.get(project=owner, id="i-31")
    assert newest.pattern_id != row.pk
    check_counts(owner, 31)


def test_an_edit_at_the_very_moment_makes_it_try_again(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_some(owner, *range(40))
    tries: list[int] = []

    def late(project_id: UUID, *args: Any, **more: Any) -> None:
        if not tries:
            Learner.objects.filter(pk=project_id).update(version=1000)
        tries.append(1)
        save_consolidation(project_id, *args, **more)

    monkeypatch.setattr(background_repair, "save_consolidation", late)
    repair_project(owner.pk, never)

    assert len(tries) == 2
    check_counts(owner, 40)


def test_a_crash_while_it_is_put_in_place_leaves_all_as_it_was(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_some(owner, *range(40))
    before = load_recognizer(owner.pk).recognizer.snapshot(), uses_and_recount(owner)
    with monkeypatch.context() as broken:
        broken.setattr(save_repair, "record_changes", None)
        with pytest.raises(TypeError):
            repair_project(owner.pk, never)

    assert (load_recognizer(owner.pk).recognizer.snapshot(), uses_and_recount(owner)) == before
    assert not PatternEvent.objects.filter(kind="merged").exists()
    repair_project(owner.pk, never)
    check_counts(owner, 40)


def test_where_planning_fails_half_of_the_texts_must_do(
    owner: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(planner_client, "LEAST", 10)
    learn_some(owner, *range(40))
    copy = copy_recognizer(owner.pk)
    with caplog.at_level(logging.WARNING), PlannerClient(copy, never) as workshop:
        workshop.apart = repair_process.PlannerProcess(copy.embedding, b"", never)
        os.kill(workshop.apart.process.pid, signal.SIGKILL)
        (planned,) = workshop.plans(owner.pk)
    put_plans_in_place(owner.pk, [planned], copy.passages, copy.learned)

    assert "with 40 examples failed" in caplog.text
    assert "trying with 20" in caplog.text
    check_counts(owner, 40)
    assert [row.use_count for row in in_use(owner)] == [20, 20]


def test_it_stops_when_told_and_is_begun_again_later(owner: Project) -> None:
    learn_some(owner, *range(40))
    with pytest.raises(repair_process.PlannerEnded):
        repair_project(owner.pk, lambda: True)

    assert Learner.objects.get(pk=owner.pk).consolidated_at is None


def test_one_process_at_a_time_repairs_a_project(owner: Project, settings: Any) -> None:
    settings.EMBEDDED = False
    learn_some(owner, *range(20))
    assert claim_repair(owner.pk)
    assert not claim_repair(owner.pk)
    assert not repair_claimed(owner.pk)

    Learner.objects.filter(pk=owner.pk).update(repairing_until=lease.now_ms() - 1)
    assert repair_claimed(owner.pk)
    assert Learner.objects.get(pk=owner.pk).repairing_until == 0


def test_a_repair_that_fails_is_logged_and_not_repeated_at_once(
    owner: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    learn_some(owner, *range(20))
    monkeypatch.setattr(background_repair, "save_consolidation", None)

    assert not repair_claimed(owner.pk)
    assert "A repair of project" in caplog.text
    assert owner.pk not in save_repair.find_due()


@pytest.mark.django_db(transaction=True)
def test_learning_goes_on_while_patterns_are_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = project()
    learn_some(owner, *range(40))
    planning, go_on = threading.Event(), threading.Event()
    real = PlannerClient.plan

    def slow(self: PlannerClient, draft: Any, project_id: UUID) -> Any:
        planning.set()
        assert go_on.wait(30)
        return real(self, draft, project_id)

    monkeypatch.setattr(PlannerClient, "plan", slow)
    monkeypatch.setattr(save_repair, "FEW", 5)
    assert repair_schedule.start_due_repairs() == 1
    assert planning.wait(30)
    learn_some(owner, *range(40, 60))
    assert uses_and_recount(owner)[0]
    assert sum(uses_and_recount(owner)[0].values()) == 60
    go_on.set()
    with repair_schedule._at_work:
        pass
    check_counts(owner, 60)
    assert Learner.objects.get(pk=owner.pk).consolidated_at is not None


@pytest.mark.django_db(transaction=True)
def test_stopping_ends_the_repair_at_hand_and_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = project()
    learn_some(owner, *range(40))
    started: list[repair_process.PlannerProcess] = []
    real = repair_process.PlannerProcess.plan

    def noted(self: repair_process.PlannerProcess, *args: Any) -> Any:
        started.append(self)
        repair_schedule._stopping.wait(30)
        return real(self, *args)

    monkeypatch.setattr(repair_process.PlannerProcess, "plan", noted)
    monkeypatch.setattr(save_repair, "FEW", 5)
    repair_schedule.start_due_repairs()
    while not started:
        time.sleep(0.01)
    repair_schedule.stop_repairs(30)

    assert started[0].process.poll() is not None
    learner = Learner.objects.get(pk=owner.pk)
    assert (learner.consolidated_at, learner.repairing_until) == (None, 0)
    assert not repair_schedule._at_work.locked()
