"""The usage that providers publish as examples, in tokens and in money.

Each example is of a page of the provider's own documentation; the sums are what its price page makes
of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from integration.dialects.usage import read_usage
from optimizations.engine.domain.call_price import TokenUsage, price_call
from optimizations.engine.domain.settings import Prices
from optimizations.prices.shipped_prices import list_shipped_prices


class Published(NamedTuple):
    """`sums`: pairs of tokens and dollars a million of them."""

    model: str
    usage: dict[str, Any]
    tokens: tuple[float, float]  # all that went in, all that came out
    sums: list[tuple[float, float]]


EXAMPLES = {
    "OpenAI, prompt caching": Published(
        "gpt-4o",
        {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        (2006, 300),
        [(86, 2.5), (1920, 1.25), (300, 10)],
    ),
    "OpenAI, responses": Published(
        "gpt-4.1",
        {
            "input_tokens": 36,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 87,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 123,
        },
        (36, 87),
        [(36, 2), (87, 8)],
    ),
    "OpenAI, reasoning": Published(
        "gpt-5",
        {
            "input_tokens": 75,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 1186,
            "output_tokens_details": {"reasoning_tokens": 1024},
            "total_tokens": 1261,
        },
        (75, 1186),
        [(75, 1.25), (1186, 10)],
    ),
    "Anthropic, a book written to the cache": Published(
        "claude-opus-4",
        {
            "cache_creation_input_tokens": 188086,
            "cache_read_input_tokens": 0,
            "input_tokens": 21,
            "output_tokens": 393,
        },
        (188107, 393),
        [(21, 15), (188086, 18.75), (393, 75)],
    ),
    "Anthropic, the book read from the cache": Published(
        "claude-opus-4",
        {
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 188086,
            "input_tokens": 21,
            "output_tokens": 393,
        },
        (188107, 393),
        [(21, 15), (188086, 1.5), (393, 75)],
    ),
    "Anthropic, written for five minutes and for an hour": Published(
        "claude-sonnet-4-5",
        {
            "input_tokens": 2048,
            "cache_read_input_tokens": 1800,
            "cache_creation_input_tokens": 248,
            "output_tokens": 503,
            "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100},
        },
        (4096, 503),
        [(2048, 3), (1800, 0.3), (148, 3.75), (100, 6), (503, 15)],
    ),
    "Anthropic, a prompt beyond 100,000 tokens": Published(
        "claude-haiku-5-5",
        {
            "input_tokens": 20_000,
            "cache_read_input_tokens": 80_001,
            "cache_creation_input_tokens": 0,
            "output_tokens": 500,
        },
        (100_001, 500),
        [(20_000, 0.5), (80_001, 0.05), (500, 2.5)],
    ),
    "Google, a prompt up to 200,000 tokens": Published(
        "gemini-2.5-pro",
        {
            "promptTokenCount": 200_000,
            "candidatesTokenCount": 1_000,
            "cachedContentTokenCount": 10_000,
            "thoughtsTokenCount": 500,
        },
        (200_000, 1_500),
        [(190_000, 1.25), (10_000, 0.125), (1_500, 10)],
    ),
    "Google, a prompt beyond 200,000 tokens": Published(
        "gemini-2.5-pro",
        {
            "promptTokenCount": 200_001,
            "candidatesTokenCount": 1_000,
            "cachedContentTokenCount": 10_000,
            "thoughtsTokenCount": 500,
        },
        (200_001, 1_500),
        [(190_001, 2.5), (10_000, 0.25), (1_500, 15)],
    ),
    "OpenAI, a prompt beyond 272,000 tokens": Published(
        "gpt-5.4",
        {
            "input_tokens": 300_000,
            "input_tokens_details": {"cached_tokens": 100_000},
            "output_tokens": 2_000,
            "output_tokens_details": {"reasoning_tokens": 1_024},
            "total_tokens": 302_000,
        },
        (300_000, 2_000),
        [(200_000, 5), (100_000, 0.5), (2_000, 22.5)],
    ),
    "xAI, prompt caching": Published(
        "",
        {
            "prompt_tokens": 125,
            "completion_tokens": 48,
            "total_tokens": 173,
            "prompt_tokens_details": {"text_tokens": 125, "audio_tokens": 0, "cached_tokens": 98},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        (125, 48),
        [],
    ),
}


LASTING = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 100}


def prices_of(model: str) -> Prices:
    (found,) = (given.prices for _, given in list_shipped_prices() if given.model_id == model)
    return Prices(**(found or {}))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_published_example_is_counted_as_its_provider_counts(name: str) -> None:
    example = EXAMPLES[name]
    found = read_usage(example.usage)

    assert (found.input, found.output) == example.tokens


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.sums])
def test_a_published_example_costs_what_its_provider_charges(name: str) -> None:
    example = EXAMPLES[name]
    usage = TokenUsage(**read_usage(example.usage).as_usage())

    expected = sum(tokens * rate for tokens, rate in example.sums) / 1e6
    assert price_call(prices_of(example.model), usage) == pytest.approx(expected, abs=1e-12)


def test_what_tools_bring_is_input_and_thoughts_are_output_with_gemini() -> None:
    """`totalTokenCount` is documented as the sum of these four."""
    usage = {"promptTokenCount": 100, "toolUsePromptTokenCount": 40, "candidatesTokenCount": 20}
    found = read_usage({**usage, "thoughtsTokenCount": 30, "totalTokenCount": 190})

    assert (found.input, found.output, found.reasoning) == (140, 50, 30)


def test_reasoning_beside_the_answer_is_told_by_the_total() -> None:
    """Documented for Grok: `reasoning_tokens` are not among the `completion_tokens`."""
    details = {"completion_tokens_details": {"reasoning_tokens": 30}}
    beside = {"prompt_tokens": 200, "completion_tokens": 50, "total_tokens": 280, **details}

    assert read_usage(beside).output == 80
    assert read_usage({**beside, "total_tokens": 250}).output == 50


def test_deepseeks_cache_hits_are_part_of_its_prompt() -> None:
    usage = {"prompt_tokens": 500, "completion_tokens": 10, "total_tokens": 510}
    found = read_usage({**usage, "prompt_cache_hit_tokens": 384, "prompt_cache_miss_tokens": 116})

    assert (found.input, found.cached) == (500, 384)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 500, "completion_tokens": 1, "cache_creation_input_tokens": 200}
        | {"prompt_tokens_details": {"cache_creation_token_details": LASTING}},
        {"input_tokens": 500, "output_tokens": 1, "total_tokens": 501}
        | {"input_token_details": {"cache_creation": 200, **LASTING}},
        {"inputTokens": 300, "outputTokens": 1, "cacheWriteInputTokens": 200}
        | {"cacheDetails": [{"ttl": "1h", "inputTokens": 100}, {"ttl": "5m", "inputTokens": 100}]},
    ],
    ids=["LiteLLM", "LangChain", "Bedrock"],
)
def test_what_is_cached_for_an_hour_is_part_of_what_is_written(usage: dict[str, Any]) -> None:
    found = read_usage(usage)

    assert (found.input, found.written, found.extended) == (500, 200, 100)


@pytest.mark.parametrize("ending", ["Tokens", "TokenCount", "TokensCount"])
def test_bedrock_counts_its_cache_beside_the_input(ending: str) -> None:
    cache = {f"cacheReadInput{ending}": 90, f"cacheWriteInput{ending}": 30}
    found = read_usage({"inputTokens": 10, "outputTokens": 5, "totalTokens": 15, **cache})

    assert (found.input, found.cached, found.written) == (130, 90, 30)


def test_cohere_bills_less_than_it_counts() -> None:
    usage = {
        "billed_units": {"input_tokens": 12, "output_tokens": 7},
        "tokens": {"input_tokens": 502, "output_tokens": 7},
    }

    assert read_usage(usage).as_usage() == {"input_tokens": 12, "output_tokens": 7}
