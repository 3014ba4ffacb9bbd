from __future__ import annotations

import pytest

from integration.erasure.erase_rows import erase_rows
from integration.erasure.selection import find_content
from optimizations.decision_log.shadow_rows import strip_texts
from optimizations.models import ShadowAnswer
from optimizations.policy_runtime import outcomes
from patterns.models import Feedback, ModelInteraction, PayloadDictionary
from tests import builders
from tests.optimizations.shadow_answers import wished

pytestmark = pytest.mark.django_db


def test_what_a_shadow_said_goes_with_the_task_it_was_about() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    made.call.post("interactions/", wished.shadow(answer, output="delivery"))
    outcomes.count_outcomes(owner.pk, save=True)
    word = {
        "metric_name": "comment",
        "value": "ann said so",
        "shadow_id": answer["shadows"][0]["shadow_id"],
    }
    made.call.post("feedback/", word)
    served = ModelInteraction.objects.get(project=owner, decision_id=answer["decision_id"])

    erase_rows(owner, find_content(owner.pk, {"interaction_ids": [served.id]}))

    assert not ShadowAnswer.objects.exists()
    assert not Feedback.objects.filter(target="shadow").exists()


def test_what_shadows_said_needs_no_dictionary_that_an_erasure_replaces() -> None:
    owner = builders.project()
    PayloadDictionary.objects.create(data=b'{"output":"billing delivery"}' * 20, trained_on=1)
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    made.call.post("interactions/", wished.shadow(answer, output="delivery"))
    outcomes.count_outcomes(owner.pk, save=True)
    path = f"optimizations/{made.only('route_model').id}/disagreements/"

    PayloadDictionary.objects.all().delete()

    assert made.call.get(path).json()["data"][0]["shadow"]["output"] == "delivery"


def test_old_texts_of_shadows_go_and_their_figures_stay() -> None:
    owner = builders.project()
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    made.call.post("interactions/", wished.shadow(answer, output="delivery"))
    outcomes.count_outcomes(owner.pk, save=True)

    strip_texts(owner.pk, 1 << 50)

    row = ShadowAnswer.objects.get(project=owner)
    assert (bytes(row.data), row.cost, row.agreed) == (b"", 0.1, False)
    path = f"optimizations/{made.only('route_model').id}/disagreements/"
    assert made.call.get(path).json()["data"][0]["shadow"]["output"] is None
