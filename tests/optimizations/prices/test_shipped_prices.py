"""The shipped list of prices: dated, with its pages, loaded on request, never over a person's own."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from featurememory.models import Project
from optimizations.engine.domain.call_price import TokenUsage
from optimizations.model_catalog import PriceList
from optimizations.models import ModelPrice, RegisteredModel
from optimizations.prices.shipped_prices import (
    list_shipped_prices,
    load_shipped_prices,
    read_shipped_list,
)
from tests.builders import NOON, caller

pytestmark = pytest.mark.django_db


def test_every_shipped_price_has_a_page_and_a_past_date() -> None:
    names = [given.model_id for _, given in list_shipped_prices()]

    assert len(names) == len(set(names)) > 30
    assert "starting point" in read_shipped_list()["note"]
    for source in read_shipped_list()["sources"]:
        assert source["page"].startswith("https://")
        assert date(2025, 1, 1) < date.fromisoformat(source["as_of"]) < date(2026, 12, 1)


def test_cached_input_is_never_dearer_than_input() -> None:
    for _, given in list_shipped_prices():
        prices = given.prices or {}
        assert (prices["cached_input_per_1m"] or 0) <= (prices["input_per_1m"] or 0)


def test_a_long_prompt_is_never_cheaper_and_a_longer_cache_never_either() -> None:
    for _, given in list_shipped_prices():
        prices = {name: price or 0 for name, price in (given.prices or {}).items()}
        has_long = bool(prices["long_prompt_above"])
        for name in ("input_per_1m", "output_per_1m", "cached_input_per_1m"):
            assert prices[f"long_{name}"] >= prices[name] * has_long, given.model_id
        assert prices["extended_cache_write_per_1m"] in (0, 2 * prices["input_per_1m"])


def test_loading_prices_the_models_and_registers_none(owner: Project) -> None:
    count = load_shipped_prices(owner, "ana")

    assert ModelPrice.objects.filter(project=owner).exclude(source="").count() == count
    assert not RegisteredModel.objects.filter(project=owner).exists()
    listed = PriceList.of(owner.pk)
    assert listed.cost("openai/gpt-4o", NOON, TokenUsage(1000, 100)) == pytest.approx(0.0035)
    used = TokenUsage(2_000, 500, cached_input_tokens=1_000, cache_write_tokens=500)
    assert listed.cost("claude-sonnet-4-20250514", NOON, used) == pytest.approx(
        (500 * 3 + 1000 * 0.3 + 500 * 3.75 + 500 * 15) / 1e6
    )


def test_loading_twice_changes_nothing_and_a_persons_price_stays(owner: Project) -> None:
    caller(owner).post("models/", {"model_id": "GPT-4o", "prices": {"per_call": 1}})
    load_shipped_prices(owner, "ana")

    assert load_shipped_prices(owner, "ana") == 0
    assert PriceList.of(owner.pk).cost("gpt-4o", NOON, TokenUsage(1, 1)) == 1


def test_the_command_loads_them_and_names_an_unknown_project(
    owner: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_prices", project=owner.name)

    assert "prices added or changed. A starting point" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no project"):
        call_command("load_prices", project="nobody")
