"""Tokens of every provider in one meaning."""

from __future__ import annotations

from typing import Any

import pytest

from integration.dialects.usage import Tokens, parts_added, parts_included, read_usage

SHAPES: dict[str, tuple[dict[str, Any], tuple[float | None, ...]]] = {
    "OpenAI chat": (
        {
            "prompt_tokens": 1200,
            "completion_tokens": 40,
            "total_tokens": 1240,
            "prompt_tokens_details": {"cached_tokens": 1024},
            "completion_tokens_details": {"reasoning_tokens": 10},
        },
        (1200, 40, 1024, None, 10),
    ),
    "OpenAI responses": (
        {
            "input_tokens": 300,
            "output_tokens": 50,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 20},
        },
        (300, 50, 0, None, 20),
    ),
    "OpenAI embeddings": ({"prompt_tokens": 8, "total_tokens": 8}, (8, None, None, None, None)),
    "Anthropic": (
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "cache_read_input_tokens": 2000,
            "cache_creation_input_tokens": 300,
        },
        (2310, 5, 2000, 300, None),
    ),
    "Anthropic without its cache": (
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0,
        },
        (10, 5, 0, 0, None),
    ),
    "Anthropic through LiteLLM": (
        {
            "prompt_tokens": 2310,
            "completion_tokens": 5,
            "total_tokens": 2315,
            "prompt_tokens_details": {"cached_tokens": 2000},
            "cache_read_input_tokens": 2000,
            "cache_creation_input_tokens": 300,
        },
        (2310, 5, 2000, 300, None),
    ),
    "Gemini": (
        {
            "promptTokenCount": 100,
            "candidatesTokenCount": 20,
            "thoughtsTokenCount": 30,
            "cachedContentTokenCount": 60,
        },
        (100, 50, 60, None, 30),
    ),
    "Bedrock": (
        {
            "inputTokens": 10,
            "outputTokens": 5,
            "cacheReadInputTokens": 90,
            "cacheWriteInputTokens": 0,
        },
        (100, 5, 90, 0, None),
    ),
    "LangChain": (
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "total_tokens": 150,
            "input_token_details": {"cache_read": 60},
            "output_token_details": {"reasoning": 20},
        },
        (100, 50, 60, None, 20),
    ),
    "Ollama": ({"prompt_eval_count": 26, "eval_count": 290}, (26, 290, None, None, None)),
    "something else": ({"tokens": 5}, (None, None, None, None, None)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_in_one_meaning(shape: str) -> None:
    raw, (whole, answer, cached, written, reasoning) = SHAPES[shape]

    assert read_usage(raw) == Tokens(whole, answer, cached, written, reasoning)


def test_a_part_larger_than_its_whole_was_counted_beside_it() -> None:
    assert parts_included(Tokens(10, 5, 2000, 300)).input == 2310
    assert parts_included(Tokens(100, 5, None, None, 20)).output == 25


def test_a_total_tells_which_sum_was_meant() -> None:
    assert parts_included(Tokens(1000, 5, 200), total=1005).input == 1000
    assert parts_included(Tokens(1000, 5, 200), total=1205).input == 1200


def test_absent_stays_absent_and_zero_stays_zero() -> None:
    assert Tokens().as_usage() == {}
    assert Tokens(0, 0).as_usage() == {"input_tokens": 0, "output_tokens": 0}
    assert parts_added(Tokens()).input is None


@pytest.mark.parametrize("raw", [None, 5, "x", [], {"prompt_tokens": "many"}, {"input_tokens": -1}])
def test_what_is_no_usage_says_nothing(raw: Any) -> None:
    assert read_usage(raw).as_usage() == {}
