"""Interactions without a reported cost are priced by the list, at learning and afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Project
from integration.jobs import queue
from integration.models import Job
from optimizations.models import ModelPrice
from patterns.models import ModelInteraction
from tests.builders import Caller, caller, item, keep, learn_all, rebuilt_figures, rollup_figures

pytestmark = pytest.mark.django_db

PRICES = {"input_per_1m": 2.5, "output_per_1m": 10}
USAGE = {"input_tokens": 1000, "output_tokens": 100}
COST = 0.0035


@pytest.fixture
def api(owner: Project) -> Caller:
    return caller(owner)


def register(api: Caller, name: str = "gpt-4o", **fields: Any) -> None:
    answer = api.post("models/", {"model_id": name, "prices": PRICES, **fields})
    assert answer.status_code < 300, answer.content


def learn(owner: Project, count: int = 1, **fields: Any) -> None:
    usual: dict[str, Any] = {"model_id": "gpt-4o", "usage": USAGE, "success": True}
    keep(owner, [item(number, **(usual | fields)) for number in range(count)])
    learn_all(owner)


def test_what_is_written_for_an_hour_is_stored_shown_and_priced_as_that(
    api: Caller, owner: Project
) -> None:
    prices = {"input_per_1m": 3, "cache_write_per_1m": 3.75, "extended_cache_write_per_1m": 6}
    register(api, "claude-sonnet-4-5", prices={**prices, "output_per_1m": 15})
    usage = {
        "input_tokens": 2048,
        "cache_creation_input_tokens": 248,
        "output_tokens": 503,
        "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100},
    }
    api.post("interactions/", item(1, model_id="claude-sonnet-4-5", usage=usage))
    learn_all(owner)

    shown = api.get("interactions/i-1/").json()["usage"]
    assert (shown["cache_write_tokens"], shown["extended_cache_write_tokens"]) == (248, 100)
    expected = (2048 * 3 + 148 * 3.75 + 100 * 6 + 503 * 15) / 1e6
    assert shown["cost"] == pytest.approx(expected)


def test_a_price_for_long_prompts_prices_the_past_again(api: Caller, owner: Project) -> None:
    register(api)
    learn(owner, usage={"input_tokens": 300_000, "output_tokens": 1_000})
    before = ModelInteraction.objects.get().known_cost
    long = {"long_prompt_above": 272_000, "long_input_per_1m": 5, "long_output_per_1m": 15}
    register(api, prices={**PRICES, **long}, effective_from="2020-01-01T00:00:00Z")
    run_jobs()

    after = ModelInteraction.objects.get().known_cost
    assert [before, after] == pytest.approx([0.76, 1.515])


def run_jobs() -> list[Job]:
    queue.start_repricing()
    queue.run_queued_jobs()
    return list(Job.objects.order_by("pk"))


def test_an_interaction_without_a_cost_is_priced_when_it_is_learned(
    owner: Project, api: Caller
) -> None:
    register(api)
    learn(owner)

    shown = api.get("interactions/i-0/").json()["usage"]
    assert (shown["cost"], shown["cost_source"]) == (pytest.approx(COST), "price_list")
    (bucket,) = api.get("performance/", bucket="day").json()["data"]
    assert bucket["cost_sum"] == pytest.approx(COST)
    (pattern,) = api.get("patterns/").json()["data"]
    assert pattern["models"][0]["cost_mean"] == pytest.approx(COST)
    assert rollup_figures(owner) == rebuilt_figures(owner)


@pytest.mark.parametrize(
    ("usage", "cost", "source"),
    [
        ({**USAGE, "cost": 0}, 0.0, "reported"),
        ({**USAGE, "cost": 7}, 7.0, "reported"),
        ({"input_tokens": 1000}, None, None),
        (None, None, None),
    ],
)
def test_a_reported_cost_stands_and_unknown_usage_is_not_priced(
    owner: Project, api: Caller, usage: Any, cost: float | None, source: str | None
) -> None:
    register(api)
    learn(owner, usage=usage)

    shown = api.get("interactions/i-0/").json()["usage"]
    assert (shown["cost"], shown["cost_source"]) == (cost, source)


def test_a_model_that_costs_nothing_shows_zero_and_an_unpriced_one_nothing(
    owner: Project, api: Caller
) -> None:
    register(api, prices={"input_per_1m": 0, "output_per_1m": 0})
    keep(owner, [item(1, model_id="gpt-4o", usage=USAGE), item(2, model_id="x", usage=USAGE)])
    learn_all(owner)

    costs = [api.get(f"interactions/i-{n}/").json()["usage"]["cost"] for n in (1, 2)]
    assert costs == [0.0, None]


@pytest.mark.parametrize("name", ["openai/gpt-4o", "azure/gpt-4o-2024-08-06", "GPT-4o"])
def test_a_model_is_priced_under_its_other_names(owner: Project, api: Caller, name: str) -> None:
    register(api)
    learn(owner, model_id=name)

    assert api.get("interactions/i-0/").json()["usage"]["cost"] == pytest.approx(COST)


def test_a_name_with_prices_of_its_own_keeps_them(owner: Project, api: Caller) -> None:
    register(api)
    register(api, "azure/gpt-4o", prices={"per_call": 9})
    learn(owner, model_id="azure/gpt-4o")

    assert api.get("interactions/i-0/").json()["usage"]["cost"] == 9


def test_a_price_for_the_past_prices_again_what_was_stored(owner: Project, api: Caller) -> None:
    learn(owner, 5)
    keep(owner, [item(7, model_id="gpt-4o", usage={**USAGE, "cost": 1})])
    learn_all(owner)
    assert ModelInteraction.objects.filter(list_cost__isnull=False).count() == 0
    register(api)
    (job,) = run_jobs()

    assert (job.kind, job.state, job.done, job.total) == ("reprice", "done", 5, 5)
    assert "5 of 5" in job.log[-1][1]
    (bucket,) = api.get("performance/", bucket="day").json()["data"]
    assert bucket["cost_sum"] == pytest.approx(5 * COST + 1)
    assert rollup_figures(owner) == rebuilt_figures(owner)


def test_a_price_from_now_on_leaves_the_past_alone(owner: Project, api: Caller) -> None:
    register(api)
    run_jobs()
    learn(owner)
    register(api, prices={"per_call": 5})

    assert len(run_jobs()) == 1
    assert api.get("interactions/i-0/").json()["usage"]["cost"] == pytest.approx(COST)


def test_a_corrected_price_of_the_past_replaces_the_costs(owner: Project, api: Caller) -> None:
    register(api, effective_from="2020-01-01T00:00:00Z")
    learn(owner, 3)
    register(api, effective_from="2020-01-01T00:00:00Z", prices={"per_call": 5})
    run_jobs()

    assert api.get("interactions/i-0/").json()["usage"]["cost"] == 5
    assert rollup_figures(owner) == rebuilt_figures(owner)
    assert not ModelPrice.objects.filter(applied=False).exists()


def test_a_misspelt_price_is_refused_by_name(api: Caller) -> None:
    answer = api.post("models/", {"model_id": "m", "prices": {"input_per_1k": 1}})

    assert answer.status_code == 422
    assert "input_per_1k" in str(answer.json()["errors"])
