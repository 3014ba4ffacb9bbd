"""Consolidation is saved whole, and use counts go with the interactions that move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from featurememory.models import Activity, Project
from integration.repair import save_repair
from integration.repair.save_repair import (
    AFTER,
    FEW,
    PAUSE,
    REST,
    consolidate_project,
    find_due,
    save_consolidation,
)
from patterns.curation import merging, pruning
from patterns.engine.domain.results import Change, Consolidation
from patterns.models import Learner, Pattern, PatternEvent
from patterns.recognition import lease
from patterns.recognition.recognizer_cache import PatternsChanged, load_recognizer, recognizers
from tests.builders import (
    check_counts,
    item,
    items,
    keep,
    learn_all,
    learned,
    uses_and_recount,
)

pytestmark = pytest.mark.django_db


def saved(owner: Project, **done: Any) -> None:
    """Save a consolidation that did this, as the background would."""
    copy = load_recognizer(owner.pk)
    save_consolidation(owner.pk, copy, Consolidation(**done))


def three(owner: Project) -> list[str]:
    """Patterns of 3 uses each: i-0, i-3, i-6 and so on."""
    return [str(row.pk) for row in learned(owner, 9, tasks=3)]


def test_consolidating_real_traffic_keeps_every_count(owner: Project) -> None:
    keep(owner, [item(n, input=f"Ask {n % 5} about {n}.", task_type="t") for n in range(60)])
    learn_all(owner)

    assert consolidate_project(owner.pk) is not None
    check_counts(owner, 60)
    keep(owner, items(10, start=100, task_type="t"))
    learn_all(owner)
    check_counts(owner, 70)


def test_it_sees_what_was_learned_even_after_a_restart(owner: Project) -> None:
    keep(owner, [item(n, input=f"Cancel order {n} please, it is late.") for n in range(40)])
    learn_all(owner, limit=7)
    recognizers.drop()  # a restart
    consolidate_project(owner.pk)

    template = Pattern.objects.get(project=owner, status__in=["candidate", "validated"]).template
    assert template.startswith("Cancel order <")
    assert len(recognizers.for_learning(owner.pk).recognizer.memory.reservoir) > 30


def test_interactions_that_move_take_their_use_with_them(owner: Project) -> None:
    a, b, _ = three(owner)
    saved(owner, moved={"i-0": b, "i-3": b})

    check_counts(owner, 9)
    assert uses_and_recount(owner)[0][b] == 5
    assert uses_and_recount(owner)[0][a] == 1


def test_a_redirect_hands_the_uses_over(owner: Project) -> None:
    a, b, _ = three(owner)
    saved(owner, redirects={a: b}, changes=(Change("merged", (a, b), (b,)),))

    check_counts(owner, 9)
    row = Pattern.objects.get(pk=a)
    assert (str(row.redirect_to), row.status, row.use_count) == (b, "archived", 0)
    assert PatternEvent.objects.filter(kind="merged").count() == 2
    assert Activity.objects.get(project=owner, verb="consolidate").summary == (
        "Repaired patterns: 1 merged, 0 split"
    )


def test_what_a_redirect_moved_already_is_not_moved_twice(owner: Project) -> None:
    a, b, c = three(owner)
    saved(owner, redirects={a: b}, moved={"i-0": b, "i-3": b, "i-6": b})

    check_counts(owner, 9)
    assert uses_and_recount(owner)[0] == {b: 6, c: 3}


def test_a_redirect_to_one_and_a_move_to_another_at_once(owner: Project) -> None:
    a, b, c = three(owner)
    saved(owner, redirects={a: b}, moved={"i-0": c, "i-1": c})

    check_counts(owner, 9)
    assert uses_and_recount(owner)[0] == {b: 4, c: 5}


def test_redirects_in_a_chain_lose_no_use(owner: Project) -> None:
    a, b, c = three(owner)
    saved(owner, redirects={a: b, b: c})

    check_counts(owner, 9)
    assert uses_and_recount(owner)[0] == {c: 9}


def test_interactions_of_a_pattern_that_was_merged_before_can_move(owner: Project) -> None:
    a, b, c = three(owner)
    _, (target,) = merging.merge_patterns(owner, [a, b], "a person")
    saved(owner, moved={"i-0": c, "i-1": c, "i-3": target})

    check_counts(owner, 9)
    assert min(Pattern.objects.filter(project=owner).values_list("use_count", flat=True)) >= 0


def test_saving_the_same_twice_changes_nothing_the_second_time(owner: Project) -> None:
    a, b, c = three(owner)
    for _ in range(2):
        saved(owner, redirects={a: b}, moved={"i-1": c})

    check_counts(owner, 9)
    assert uses_and_recount(owner)[0] == {b: 5, c: 4}


def test_an_edit_meanwhile_wins(owner: Project) -> None:
    a, b, _ = three(owner)
    copy = load_recognizer(owner.pk)
    pruning.prune_patterns(owner, Pattern.objects.filter(pk=a), "a person")
    with pytest.raises(PatternsChanged):
        save_consolidation(owner.pk, copy, Consolidation(redirects={b: a}))

    assert Pattern.objects.get(pk=b).redirect_to is None
    check_counts(owner, 9)


def test_a_crash_while_saving_leaves_all_as_it_was(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = three(owner)
    before = uses_and_recount(owner)
    with monkeypatch.context() as broken:
        broken.setattr(save_repair, "record_changes", None)
        with pytest.raises(TypeError):
            saved(owner, redirects={a: b}, moved={"i-1": c})

    assert uses_and_recount(owner) == before
    check_counts(owner, 9)


def test_while_somebody_learns_it_waits(owner: Project) -> None:
    three(owner)
    lease.acquire_lease(owner.pk, "another:1")

    assert consolidate_project(owner.pk) is None


@pytest.mark.parametrize(
    ("learned_since", "pause"), [(FEW, REST), (AFTER - 1, REST), (AFTER, PAUSE)]
)
def test_it_is_due_after_a_few_at_first_and_then_sooner_the_more_was_learned(
    owner: Project, learned_since: int, pause: timedelta
) -> None:
    three(owner)
    learner = Learner.objects.filter(pk=owner.pk)
    learner.update(learned_since=FEW - 1)
    assert owner.pk not in find_due()
    learner.update(learned_since=learned_since)
    assert owner.pk in find_due()

    learner.update(consolidated_at=timezone.now() - pause + timedelta(seconds=5))
    assert owner.pk not in find_due()
    learner.update(consolidated_at=timezone.now() - pause - timedelta(seconds=1))
    assert owner.pk in find_due()


def test_afterwards_the_count_starts_anew_and_this_process_goes_on_with_the_result(
    owner: Project,
) -> None:
    three(owner)
    consolidate_project(owner.pk)

    learner = Learner.objects.get(pk=owner.pk)
    assert (learner.learned_since, learner.snapshot is not None) == (0, True)
    assert recognizers.for_learning(owner.pk).version == learner.version
