"""The page of models: registering, pricing, loading the shipped list, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from featurememory.models import Project
from optimizations.engine.domain.call_price import TokenUsage
from optimizations.model_catalog import PriceList
from optimizations.models import ModelPrice, RegisteredModel
from tests import builders, web

pytestmark = pytest.mark.django_db


def browser(owner: Project, *, may_change: bool = True) -> Client:
    made = web.browser(web.person(f"user-{may_change}", may_change=may_change))
    session = made.session
    session["project"] = owner.name
    session.save()
    return made


def save(client: Client, **fields: Any) -> Any:
    return client.post("/models/save/", {"model_id": "m", "serves": "on", **fields})


def test_a_model_is_registered_with_its_prices_on_the_page(owner: Project) -> None:
    done = save(browser(owner), task_types="a, b,a", input_per_1m="2.5", per_call="0")

    row = RegisteredModel.objects.get(project=owner)
    assert (done.status_code, row.model_id, row.task_types) == (302, "m", ["a", "b"])
    price = ModelPrice.objects.get(project=owner)
    assert (price.input_per_1m, price.per_call, price.output_per_1m) == (2.5, 0.0, None)


def test_the_form_is_filled_with_what_is_known_and_changes_it(owner: Project) -> None:
    client = browser(owner)
    body = {
        "model_id": "m",
        "prices": {"cached_input_per_1m": 0.025, "input_per_1m": 3},
        "capabilities": {"tunable": {"temperature": [0, 1]}},
    }
    builders.caller(owner).post("models/", body)
    shown = web.text_of(client.get("/models/?edit=m"))
    assert 'value="0.025"' in shown
    assert "Change m" in shown
    save(client, input_per_1m="4", effective_from="2026-01-01")

    row = RegisteredModel.objects.get(project=owner)
    assert row.capabilities == {"tunable": {"temperature": [0, 1]}}
    assert PriceList.of(owner.pk).cost("m", 1_767_300_000_000, TokenUsage(1e6, 0)) == 4


def test_prices_of_long_prompts_need_to_say_from_where_on(owner: Project) -> None:
    client = browser(owner)
    refused = save(client, input_per_1m="1", long_input_per_1m="2")

    assert refused.status_code == 422
    assert "from how many tokens" in web.text_of(refused)
    save(client, input_per_1m="1", long_input_per_1m="2", long_prompt_above="200000")
    shown = web.text_of(client.get("/models/?edit=m"))
    assert "<details open>" in shown
    assert 'value="200000"' in shown
    assert "above 200 k: $2.00" in shown
    listed = PriceList.of(owner.pk)
    costs = [listed.cost("m", builders.NOON, TokenUsage(n, 0)) for n in (200_000, 200_001)]
    assert costs == [0.2, pytest.approx(0.400002)]


def test_a_price_alone_lets_no_model_serve_tasks(owner: Project) -> None:
    save(browser(owner), serves="", output_per_1m="5")

    assert not RegisteredModel.objects.filter(project=owner).exists()
    assert ModelPrice.objects.get(project=owner).output_per_1m == 5


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"input_per_1m": "-1"}, "greater than or equal to 0"),
        ({"input_per_1m": "nan"}, "Enter a number"),
        ({"output_per_1m": "cheap"}, "Enter a number"),
        ({"model_id": " "}, "This field is required"),
        ({"effective_from": "2026-01-01"}, "Needs a price"),
        ({"effective_from": "soon", "per_call": "1"}, "Enter a valid date"),
        ({"serves": ""}, "Give a price"),
        ({"task_types": "x" * 300}, "at most 200 characters"),
        ({"model_id": "m\x00"}, "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_used_comes_back_with_the_reason(
    owner: Project, fields: dict[str, str], text: str
) -> None:
    answer = save(browser(owner), **fields)

    assert answer.status_code == 422
    assert text in web.text_of(answer)
    assert not ModelPrice.objects.exists()
    assert not RegisteredModel.objects.exists()


def test_the_shipped_list_is_loaded_with_a_button_and_shown_with_its_pages(owner: Project) -> None:
    client = browser(owner)
    assert client.post("/models/load-prices/").status_code == 302

    shown = web.text_of(client.get("/models/"))
    assert 'data-id="gpt-4o"' in shown
    assert "provider&#x27;s page" in shown or "provider's page" in shown
    assert "as of 2026-" in shown
    assert "$0.025" in shown  # not rounded to cents


def test_a_viewer_sees_the_prices_and_changes_nothing(owner: Project) -> None:
    client = browser(owner, may_change=False)

    assert save(client, per_call="1").status_code == 403
    assert client.post("/models/load-prices/").status_code == 403
    shown = web.text_of(client.get("/models/?edit=m"))
    assert "every model is unpriced" in shown
    assert "/models/save/" not in shown


def test_a_model_seen_in_traffic_shows_the_price_of_its_more_general_name(owner: Project) -> None:
    client = browser(owner)
    client.post("/models/load-prices/")
    usage = {"input_tokens": 1000, "output_tokens": 100}
    builders.keep(owner, [builders.item(1, model_id="azure/gpt-4o-2024-08-06", usage=usage)])
    builders.learn_all(owner)

    assert "$2.50 / $10.00" in web.text_of(client.get("/models/"))
