"""What a call costs: token classes, subsets, free and unpriced, known and unknown."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.engine.domain.call_price import TokenUsage, price_call
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import ModelCard, Prices
from optimizations.engine.domain.task import Task
from optimizations.engine.trials.scoring import resolve_cost

PRICES = Prices(input_per_1m=50, output_per_1m=150, cached_input_per_1m=5)


def cost(prices: Prices = PRICES, **usage: Any) -> float | None:
    return price_call(prices, TokenUsage(**usage))


def test_a_prompt_beyond_the_limit_has_the_prices_of_long_ones_all_of_it() -> None:
    prices = Prices(
        input_per_1m=1, output_per_1m=2, cached_input_per_1m=0.5, long_prompt_above=100,
        long_input_per_1m=3, long_output_per_1m=4,
    )  # fmt: skip

    assert cost(prices, input_tokens=100, output_tokens=10) == pytest.approx(120e-6)
    assert cost(prices, input_tokens=101, output_tokens=10) == pytest.approx(343e-6)
    assert cost(prices, input_tokens=110, output_tokens=0, cached_input_tokens=10) == (
        pytest.approx(305e-6)  # cached input has no price of its own there, and keeps its own
    )
    assert cost(prices, input_tokens=None, output_tokens=10) is None


def test_cache_writes_that_last_cost_as_the_others_where_they_have_no_price() -> None:
    usage = {"input_tokens": 300, "output_tokens": 0, "cache_write_tokens": 200}
    lasting = usage | {"extended_cache_write_tokens": 50}
    plain = Prices(input_per_1m=1, output_per_1m=1, cache_write_per_1m=2)
    dearer = Prices(
        input_per_1m=1, output_per_1m=1, cache_write_per_1m=2, extended_cache_write_per_1m=4
    )

    assert cost(plain, **lasting) == cost(plain, **usage) == pytest.approx(500e-6)
    assert cost(dearer, **lasting) == pytest.approx(600e-6)


def test_cached_tokens_are_a_part_of_the_input_with_a_price_of_their_own() -> None:
    found = cost(input_tokens=2006, cached_input_tokens=1920, output_tokens=482)
    assert found == pytest.approx((86 * 50 + 1920 * 5 + 482 * 150) / 1e6)


def test_cache_writes_and_reasoning_have_prices_of_their_own() -> None:
    prices = Prices(3, 15, None, 0.3, 3.75, 20)
    found = cost(
        prices,
        input_tokens=1000,
        cached_input_tokens=600,
        cache_write_tokens=300,
        output_tokens=500,
        reasoning_tokens=200,
    )
    assert found == pytest.approx((100 * 3 + 600 * 0.3 + 300 * 3.75 + 300 * 15 + 200 * 20) / 1e6)


def test_a_class_without_a_price_costs_what_the_whole_costs() -> None:
    prices = Prices(input_per_1m=50, output_per_1m=150)
    plain = cost(prices, input_tokens=100, output_tokens=10)
    parts = cost(
        prices, input_tokens=100, cached_input_tokens=90, output_tokens=10, reasoning_tokens=9
    )
    assert parts == pytest.approx(plain)


def test_unknown_usage_is_not_free() -> None:
    assert cost() is None
    assert cost(input_tokens=10) is None
    assert cost(input_tokens=0, output_tokens=0) == 0.0


@pytest.mark.parametrize("usage", [{}, {"input_tokens": 10, "output_tokens": 10}])
def test_a_model_that_costs_nothing_costs_nothing_and_one_without_prices_is_unpriced(
    usage: dict[str, Any],
) -> None:
    assert cost(Prices(0, 0, 0), **usage) == 0.0
    assert cost(Prices(), **usage) is None


def test_a_price_per_call_needs_no_usage() -> None:
    assert cost(Prices(per_call=0.25)) == 0.25


def test_half_a_price_prices_no_call_that_used_the_other_half() -> None:
    embedding = Prices(input_per_1m=0.02)
    assert cost(embedding, input_tokens=1e6) == pytest.approx(0.02)
    assert cost(embedding, input_tokens=1e6, output_tokens=5) is None


def test_the_optimizer_counts_the_same_way() -> None:
    cards = {"b": ModelCard(model_id="b", prices=PRICES)}

    def resolved(**fields: Any) -> float | None:
        task = Task(model_id="b", input="x")
        return resolve_cost(Outcome(id="1", task=task, model_id="b", at=0.0, **fields), cards)

    assert resolved() is None
    assert resolved(cost=0.0) == 0.0
    usage = {"input_tokens": 2006, "output_tokens": 482, "cached_input_tokens": 1920}
    assert resolved(**usage) == pytest.approx(0.0862)
