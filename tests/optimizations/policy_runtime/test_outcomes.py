from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from featurememory.models import Project
from integration.learning.learn_batch import learn_next_batch
from optimizations.engine.domain.outcome import Outcome
from optimizations.models import (
    Decision,
    Optimization,
    OptimizationEvent,
    PolicyState,
    WaitingOutcome,
)
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.outcome_rows import load_outcomes
from optimizations.policy_runtime.policy_cache import policies
from optimizations.storage import OptimizationStorage, decode_state
from patterns.models import ModelInteraction
from tests import builders
from tests.optimizations.builders import decide, register, report, routed
from tests.optimizations.caller import Orchestrator

pytestmark = pytest.mark.django_db


def counted(owner: Project) -> int:
    """Outcomes the saved engine has seen."""
    policies.drop(owner.pk)
    return policies.for_deciding(owner.pk).engine._memory.outcomes


def waiting(owner: Project) -> int:
    return WaitingOutcome.objects.filter(project=owner).count()


def outcome_of(owner: Project, name: str) -> Outcome:
    number = ModelInteraction.objects.get(project=owner, id=name).number
    return load_outcomes(owner.pk, [number])[number]


def test_a_project_that_asks_for_no_decisions_keeps_no_notes() -> None:
    owner = builders.project()
    builders.learned(owner, 5)

    assert waiting(owner) == 0
    assert not PolicyState.objects.filter(pk=owner.pk).exists()


def test_an_interaction_finds_its_decision() -> None:
    owner = builders.project()
    decision = decide(owner)
    report(owner, decision, "answer")

    row = Decision.objects.get(project=owner, id=decision["decision_id"])

    assert row.interaction == ModelInteraction.objects.get(id="answer").number
    assert outcome_of(owner, "answer").decision is not None
    assert (counted(owner), waiting(owner)) == (1, 0)


def test_only_the_first_interaction_of_a_decision_is_its_outcome() -> None:
    owner = builders.project()
    decision = decide(owner)
    for name in ("first", "second"):
        report(owner, decision, name)

    assert outcome_of(owner, "first").decision is not None
    assert outcome_of(owner, "second").decision is None


def test_an_interaction_sent_twice_counts_once() -> None:
    owner = builders.project()
    decision = decide(owner)
    for _ in range(2):
        report(owner, decision, "answer")

    assert counted(owner) == 1


def test_a_decision_id_nobody_gave_out_is_no_decision() -> None:
    owner = builders.project()
    register(owner)
    report(owner, {"decision_id": "made-up", "task": {"model_id": "large"}}, "answer")

    assert outcome_of(owner, "answer").decision is None
    assert counted(owner) == 1


def test_a_decision_of_another_project_is_no_decision() -> None:
    theirs = decide(builders.project())
    owner = builders.project()
    register(owner)
    report(owner, theirs, "answer")

    assert outcome_of(owner, "answer").decision is None


def test_a_crash_before_the_save_counts_everything_once() -> None:
    owner = builders.project()
    decide(owner)
    builders.keep(owner, builders.items(5))
    learn_next_batch(owner.pk)
    with policies.changing(owner.pk) as kept:
        outcomes.count_waiting(owner.pk, kept)
    policies.drop(owner.pk)  # what a killed process had in memory
    assert waiting(owner) == 5

    outcomes.count_outcomes(owner.pk, save=True)

    assert (counted(owner), waiting(owner)) == (5, 0)


def test_a_save_that_fails_leaves_what_was_saved_before(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = builders.project()
    decide(owner)
    builders.keep(owner, builders.items(3))
    learn_next_batch(owner.pk)

    def broken(*_: Any) -> None:
        raise IntegrityError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(OptimizationStorage, "save", broken)
        with pytest.raises(IntegrityError):
            outcomes.count_outcomes(owner.pk, save=True)
    outcomes.count_outcomes(owner.pk, save=True)

    assert (counted(owner), waiting(owner)) == (3, 0)


def test_unsaved_counts_are_not_counted_again_by_the_next_digest() -> None:
    owner = builders.project()
    decide(owner)
    builders.keep(owner, builders.items(3))
    learn_next_batch(owner.pk)
    with policies.changing(owner.pk) as kept:
        outcomes.count_waiting(owner.pk, kept)
        outcomes.count_waiting(owner.pk, kept)

        assert kept.engine._memory.outcomes == 3


def feedback(owner: Project, decision: dict[str, Any], metric: str, value: Any) -> None:
    body = {"decision_id": decision["decision_id"], "metric_name": metric, "value": value}
    assert builders.caller(owner).post("feedback/", body).status_code == 201


def test_late_feedback_reaches_the_evidence() -> None:
    owner = builders.project()
    made = routed(owner)
    decision = decide(owner)
    report(owner, decision, "answer", success=None)
    feedback(owner, decision, "success", False)

    assert waiting(owner) == 1
    outcomes.count_outcomes(owner.pk, save=True)

    assert outcome_of(owner, "answer").success is False
    assert waiting(owner) == 0
    assert Optimization.objects.get(id=made.id).status == "active"


def test_feedback_before_the_interaction_holds_from_the_start() -> None:
    owner = builders.project()
    decision = decide(owner)
    feedback(owner, decision, "success", False)
    feedback(owner, decision, "score", 0.25)
    report(owner, decision, "answer", success=None)

    outcome = outcome_of(owner, "answer")

    assert (outcome.success, outcome.score) == (False, 0.25)
    assert builders.rollup_figures(owner) == builders.rebuilt_figures(owner)


def test_feedback_between_learning_and_counting_is_counted_as_it_is_now() -> None:
    owner = builders.project()
    decision = decide(owner)
    builders.keep(owner, [builders.item(1, decision_id=decision["decision_id"], success=None)])
    learn_next_batch(owner.pk)
    feedback(owner, decision, "success", True)

    outcomes.count_outcomes(owner.pk, save=True)

    assert (counted(owner), waiting(owner)) == (1, 0)


def test_an_interaction_without_cost_is_priced_by_the_list() -> None:
    owner = builders.project()
    register(owner)
    usage = {"input_tokens": 1000, "output_tokens": 500}
    report(owner, decide(owner), "answer", usage=usage)

    assert outcome_of(owner, "answer").cost == pytest.approx(0.002 + 0.004)


def test_an_unpriced_model_has_no_cost() -> None:
    owner = builders.project()
    usage = {"input_tokens": 1000, "output_tokens": 500}
    report(owner, decide(owner), "answer", usage=usage)

    assert outcome_of(owner, "answer").cost is None


def test_rules_about_time_follow_the_newest_interaction() -> None:
    owner = builders.project()
    report(owner, decide(owner), "answer", timestamp=builders.NOON)

    assert policies.for_deciding(owner.pk).at == builders.NOON / 1000


def say(owner: Project, metric: str, value: Any, **target: str) -> None:
    body = {"metric_name": metric, "value": value, **target}
    assert builders.caller(owner).post("feedback/", body).status_code == 201
    outcomes.count_outcomes(owner.pk, save=True)


def test_peoples_feedback_is_the_quality_and_success_the_second_signal() -> None:
    owner = builders.project()
    decision = decide(owner)
    report(owner, decision, "answer", success=False, score=0.9)
    say(owner, "feedback", True, interaction_id="answer")

    found = outcome_of(owner, "answer")

    assert (found.quality, found.second_signal) == (1.0, 0.0)


@pytest.mark.parametrize("target", ["interaction_id", "decision_id", "session_id"])
def test_feedback_reaches_the_evidence_whatever_it_names_and_the_last_word_counts(
    target: str,
) -> None:
    owner = builders.project()
    decision = decide(owner, task={"session_id": "s"})
    report(owner, decision, "answer", session_id="s")
    names = {"interaction_id": "answer", "decision_id": decision["decision_id"], "session_id": "s"}
    for value in (0.2, 0.7, "very good"):  # a text judges nothing
        say(owner, "feedback", value, **{target: names[target]})
        if value == 0.7:
            assert outcome_of(owner, "answer").feedback == 0.7

    assert outcome_of(owner, "answer").feedback is None


def test_feedback_that_comes_before_its_interaction_counts_with_it() -> None:
    owner = builders.project()
    decision = decide(owner)
    say(owner, "feedback", 0.4, decision_id=decision["decision_id"])
    report(owner, decision, "answer")

    assert outcome_of(owner, "answer").quality == 0.4


def test_a_model_that_games_its_judge_is_never_activated() -> None:
    """It fails, and its judge likes it; that it fails is known last."""
    caller = Orchestrator(builders.project(), lambda prepared: {"success": ...})
    caller.config(exploration_budget=0.5)
    register(caller.owner)
    task = {"model_id": "large", "task_type": "task.0", "input": "Where is my order 7?"}
    for _ in range(6):
        answers = caller.play([task] * 25)
        for word in ("score", "success"):
            for prepared in answers:
                small = prepared["task"]["model_id"] == "small"
                value: Any = not small if word == "success" else 1.0 if small else 0.8
                target = {"decision_id": prepared["decision_id"]}
                caller.call.post("feedback/", {"metric_name": word, "value": value, **target})
    outcomes.count_outcomes(caller.owner.pk, save=True)
    made = caller.only("route_model")

    assert decode_state(made).guards["success"]["effect"] < -0.5
    assert not OptimizationEvent.objects.filter(project=caller.owner, after="active").exists()
