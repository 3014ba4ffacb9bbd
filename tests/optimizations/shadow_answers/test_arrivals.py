from __future__ import annotations

import pytest

from optimizations.models import Decision, ShadowAnswer
from optimizations.policy_runtime import outcomes
from patterns.models import ModelInteraction, Pattern
from tests import builders
from tests.optimizations.shadow_answers import wished

pytestmark = pytest.mark.django_db


def test_a_shadow_is_the_task_with_another_model() -> None:
    made = wished.orchestrator(builders.project())

    answer = wished.ask_until_wished(made)

    one = answer["shadows"][0]
    assert one["model_id"] == one["task"]["model_id"] == "small"
    assert one["task"]["input"] == answer["task"]["input"]
    assert (answer["task"]["model_id"], answer["reason"]) == ("large", "shadow")


def test_a_shadow_is_stored_once_and_never_an_interaction() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    before = ModelInteraction.objects.count(), Pattern.objects.get().use_count

    first = made.call.post("interactions/", wished.shadow(answer))
    second = made.call.post("interactions/", wished.shadow(answer))

    assert (first.status_code, first.json()["status"]) == (201, "stored")
    assert (second.status_code, second.json()["status"]) == (200, "duplicate")
    assert (ModelInteraction.objects.count(), Pattern.objects.get().use_count) == before
    assert ShadowAnswer.objects.filter(project=owner).count() == 1


def test_an_unknown_shadow_is_refused_with_what_to_send() -> None:
    made = wished.orchestrator(builders.project())
    answer = wished.ask_until_wished(made)

    wrong = wished.shadow(answer, shadow_id=f"{answer['decision_id']}.9")
    refused = made.call.post("interactions/", wrong)

    error = refused.json()["errors"][0]
    assert (refused.status_code, error["pointer"]) == (422, "/shadow_id")
    assert "prepare" in error["message"]


def test_another_project_cannot_report_a_shadow() -> None:
    answer = wished.ask_until_wished(wished.orchestrator(builders.project()))

    taken = builders.caller(builders.project()).post("interactions/", wished.shadow(answer))

    assert (taken.status_code, taken.json()["status"]) == (200, "unmatched")
    assert not ShadowAnswer.objects.exists()


def test_a_shadow_of_a_decision_that_is_gone_is_taken_and_said_to_be_unmatched() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    Decision.objects.filter(project=owner).delete()  # as after a backup was restored
    before = ModelInteraction.objects.count()

    taken = made.call.post("interactions/", wished.shadow(answer))

    assert (taken.status_code, taken.json()["status"]) == (200, "unmatched")
    assert "no decision of this id" in taken.json()["detail"]
    assert (ModelInteraction.objects.count(), ShadowAnswer.objects.count()) == (before, 0)


def test_a_shadow_that_belongs_to_another_decision_is_refused() -> None:
    made = wished.orchestrator(builders.project())
    one, other = wished.ask_until_wished(made), made.play([wished.task(900)])[0]

    refused = made.call.post("interactions/", wished.shadow(one, decision_id=other["decision_id"]))

    assert refused.status_code == 422
    assert "another decision" in refused.json()["errors"][0]["message"]


def test_a_batch_takes_shadows_beside_interactions_and_refuses_unknown_ones_alone() -> None:
    made = wished.orchestrator(builders.project())
    answer = wished.ask_until_wished(made)
    wrong = wished.shadow(answer, id="wrong", shadow_id="nobody", decision_id=...)
    gone = wished.shadow(answer, id="gone", shadow_id="s-1", decision_id="of-another-server")

    found = made.call.post(
        "interactions/batch/", [wished.shadow(answer), wrong, gone, builders.item(900)]
    )

    body = found.json()
    assert (body["accepted"], body["unmatched"]) == (3, [2])
    assert [one["index"] for one in body["rejected"]] == [1]


def test_equal_answers_count_as_a_pair_that_agrees() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    made.call.post("interactions/", wished.shadow(answer, output=" Billing "))

    outcomes.count_outcomes(owner.pk, save=True)

    row = ShadowAnswer.objects.get(project=owner)
    assert (row.state, row.agreed, row.due) == (ShadowAnswer.PairState.COUNTED, True, False)
    assert row.optimization_id == made.only("route_model").id


def test_different_labels_wait_for_a_verdict_and_count_as_the_worst() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    made.call.post("interactions/", wished.shadow(answer, output="delivery"))

    outcomes.count_outcomes(owner.pk, save=True)

    row = ShadowAnswer.objects.get(project=owner)
    assert (row.state, row.agreed) == (ShadowAnswer.PairState.OPEN, False)


def test_a_shadow_that_comes_before_the_answer_it_belongs_to_is_counted_later() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    wished.ask_until_wished(made)
    answer: dict[str, object] = {"shadows": []}
    for number in range(200, 400):
        answer = made.call.post("tasks/prepare/", {"task": wished.task(number)}).json()
        if answer["shadows"]:
            break
        made.send([made.interaction(wished.task(number), answer)])
    made.call.post("interactions/", wished.shadow(answer))
    outcomes.count_outcomes(owner.pk, save=True)
    early = ShadowAnswer.objects.get(project=owner).state

    made.send([made.interaction(wished.task(number), answer)])

    row = ShadowAnswer.objects.get(project=owner)
    assert (early, row.state) == (ShadowAnswer.PairState.NEW, ShadowAnswer.PairState.COUNTED)


def test_no_budget_means_no_shadows() -> None:
    made = wished.orchestrator(builders.project(), budget=0.0)

    answers = made.play([wished.task(number) for number in range(60)])

    assert not any(answer["shadows"] for answer in answers)


def test_a_dry_run_wishes_for_nothing() -> None:
    made = wished.orchestrator(builders.project())
    wished.ask_until_wished(made)

    answers = [
        made.call.post("tasks/prepare/", {"task": wished.task(number), "dry_run": True}).json()
        for number in range(40)
    ]

    assert not any(answer["shadows"] for answer in answers)


def test_success_of_both_calls_says_nothing_of_answers_that_differ() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)

    sent = wished.shadow(answer, output="other", success=True)
    made.call.post("interactions/", sent)
    served = made.call.get("interactions/", decision_id=answer["decision_id"]).json()["data"][0]
    said = {"interaction_id": served["id"], "metric_name": "success", "value": True}
    assert made.call.post("feedback/", said).status_code == 201
    outcomes.count_outcomes(owner.pk, save=True)

    assert ShadowAnswer.objects.get().state == ShadowAnswer.PairState.OPEN
