"""A wrapped client and the server itself: what `prepare` wishes for is run, sent and compared."""

from __future__ import annotations

from typing import Any

import featurememory_client as fm
import pytest

from featurememory.config import forget_config
from integration.learning.learn_batch import learn_next_batch
from optimizations.models import ShadowAnswer
from optimizations.policy_runtime import outcomes
from patterns.models import ModelInteraction
from tests import builders
from tests.integration.client.fake_model import FakeModel
from tests.integration.client.fake_server import wait_for
from tests.integration.client.stand_in_sdk import Provider
from tests.integration.client.wrapping.calls import ask_large

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE, MOST = 25, 200


def test_a_shadow_that_the_server_wishes_for_comes_back_as_one(
    live_server: Any, bare: Provider, model: FakeModel
) -> None:
    owner = builders.project()
    api = builders.caller(owner)
    api.patch("config/", {"optimizations": {"shadow_budget": 0.5, "exploration_budget": 0.0}})
    forget_config()
    for name, price in (("large", 10.0), ("small", 1.0)):
        prices = {"input_per_1m": price, "output_per_1m": price}
        api.post("models/", {"model_id": name, "prices": prices})
    fm.init(live_server.url, builders.key_of(owner), timeout=10)
    client = fm.wrap(bare, prepare=True, task_type="sort")

    for number in range(MOST):
        answer = ask_large(client, f"Which team answers ticket {number}?")
        assert answer.choices[0].message.content.startswith("echo Which team")
        if number % AT_ONCE == AT_ONCE - 1:
            assert fm.flush(20), fm.stats()
            learn(owner)
        if any(body["model"] == "small" for body in model.bodies):
            break
    wait_for(lambda: fm.flush(5) and ShadowAnswer.objects.exists())
    learn(owner)

    row = ShadowAnswer.objects.filter(project=owner).first()
    assert row is not None
    assert (row.model_id, row.success, row.input_tokens) == ("small", None, 100)
    assert row.state != ShadowAnswer.PairState.LOST
    served = ModelInteraction.objects.filter(project=owner)
    assert set(served.values_list("model_id", flat=True)) == {"large"}
    assert served.filter(decision_id=row.decision_id).count() == 1
    assert (fm.stats()["dropped"], fm.stats()["last_error"]) == (0, None)


def learn(owner: Any) -> None:
    while learn_next_batch(owner.pk).more:
        pass
    outcomes.count_outcomes(owner.pk, save=True)
