from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from optimizations.decision_log.retention import count_decision_bytes
from optimizations.models import Decision, ModelPrice, Optimization
from optimizations.policy_runtime import background_review
from optimizations.policy_runtime.background_review import forget_decisions, review
from optimizations.policy_runtime.policy_cache import policies
from patterns.curation import merging, pruning
from patterns.models import ModelInteraction, Pattern
from patterns.retention import project_use
from tests import builders
from tests.optimizations.builders import decide, register, report, routed

pytestmark = pytest.mark.django_db


def test_an_optimization_ends_with_its_pattern() -> None:
    owner = builders.project()
    made = routed(owner)
    pruning.prune_patterns(owner, Pattern.objects.filter(pk=str(made.pattern_id)), "tester")
    report(owner, decide(owner), "answer")
    review(owner.pk)

    assert Optimization.objects.get(pk=made.pk).status == "retired"


def test_an_optimization_goes_with_a_merged_pattern() -> None:
    owner = builders.project()
    made = routed(owner)
    other = builders.learned(owner, 6, tasks=2, start=600, model_id="large")[-1]
    assert made.pattern_id is not None
    _, targets = merging.merge_patterns(owner, [str(other.pk), str(made.pattern_id)], "tester")
    report(owner, decide(owner), "answer")
    review(owner.pk)

    state = policies.for_deciding(owner.pk).engine.optimizations[made.id]
    assert state.patterns == tuple(targets)


@pytest.mark.parametrize("held", ["pattern_id", "patterns", "choice"])
def test_whatever_names_a_merged_pattern_follows_it(held: str) -> None:
    owner = builders.project()
    made, new = routed(owner), builders.pattern_row(owner, 1)
    old = builders.pattern_row(owner, 2, status="archived", redirect_to=new.pk)
    kept = policies.for_deciding(owner.pk)
    state = kept.engine.optimizations[made.id]
    state.pattern_id, state.patterns, state.choice = "", (), {}
    named = {
        "pattern_id": str,
        "patterns": lambda name: (name,),
        "choice": lambda name: {name: "v"},
    }
    setattr(state, held, named[held](str(old.pk)))
    background_review.follow_patterns(owner.pk, kept)

    assert getattr(state, held) == named[held](str(new.pk))


def test_a_price_that_comes_into_force_reaches_the_policy() -> None:
    owner = builders.project()
    register(owner, "m", effective_from="2025-01-01T00:00:00Z")
    report(owner, decide(owner), "answer")
    day = 1_748_736_000_000  # 2025-06-01
    ModelPrice.objects.create(project=owner, model_id="m", effective_from=day, input_per_1m=9.0)
    review(owner.pk)

    card = policies.for_deciding(owner.pk).engine._memory.table.cards["m"]
    assert card.prices is not None
    assert card.prices.input_per_1m == 9.0


def test_reviewing_twice_is_reviewing_once() -> None:
    owner = builders.project()
    register(owner)
    builders.learned(owner, 30, model_id="large")
    review(owner.pk)
    before = list(Optimization.objects.filter(project=owner).values_list("id", "status"))
    review(owner.pk)

    assert list(Optimization.objects.filter(project=owner).values_list("id", "status")) == before


def test_old_decisions_are_forgotten_and_young_ones_kept() -> None:
    owner = builders.project()
    old, young = decide(owner), decide(owner)
    long_ago = timezone.now() - timedelta(days=40)
    rows = Decision.objects.filter(project=owner)
    project_use.recount(count_decision_bytes())
    rows.filter(id=old["decision_id"]).update(at=long_ago.timestamp() * 1000)

    assert forget_decisions(owner.pk) == 1
    assert [row.id for row in rows.all()] == [young["decision_id"]]
    assert project_use.read_uses()[owner.pk].decisions == count_decision_bytes()[owner.pk]


def test_decisions_go_with_the_interactions_of_their_time() -> None:
    owner = builders.project()
    decision = decide(owner)
    hours_ago = (timezone.now() - timedelta(hours=3)).timestamp() * 1000
    Decision.objects.filter(project=owner).update(at=hours_ago)
    assert forget_decisions(owner.pk) == 0
    builders.learned(owner, 1)
    ModelInteraction.objects.filter(project=owner).update(received_at=hours_ago + 60_000)

    assert forget_decisions(owner.pk) == 1
    assert not Decision.objects.filter(id=decision["decision_id"]).exists()
