"""Langfuse's attributes, as its SDKs send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.langfuse import read_usage_details
from integration.dialects.spans.mapping import kind_of
from integration.dialects.usage import Tokens
from tests.integration.dialects.sent import span, told

SEEN = "langfuse.observation."
GENERATION: dict[str, Any] = {
    SEEN + "type": "generation",
    SEEN + "model.name": "gpt-4o",
    SEEN + "input": json.dumps([{"role": "user", "content": "Where is order 7?"}]),
    SEEN + "output": json.dumps({"role": "assistant", "content": "On its way."}),
    SEEN + "model.parameters": json.dumps({"temperature": 0.4}),
    SEEN + "usage_details": json.dumps(
        {"prompt_tokens": 30, "completion_tokens": 6, "total_tokens": 36}
    ),
    SEEN + "cost_details": json.dumps({"input": 0.1, "output": 0.2, "total": 0.3}),
    SEEN + "metadata.tenant": '"acme"',
    "langfuse.environment": "production",
    "langfuse.trace.tags": ["a", "b"],
    "session.id": "s-1",
    "user.id": "u-1",
}


def test_a_generation_is_told_whole() -> None:
    interaction = told(GENERATION)

    assert interaction["model_id"] == "gpt-4o"
    assert interaction["input"] == [{"role": "user", "content": "Where is order 7?"}]
    assert interaction["output"] == "On its way."
    assert interaction["parameters"] == {"temperature": 0.4}
    assert interaction["usage"] == {"input_tokens": 30, "output_tokens": 6, "cost": 0.3}
    assert interaction["session_id"] == "s-1"
    assert interaction["tags"] == {
        "env": "production",
        "tags": ["a", "b"],
        "user": "u-1",
        "tenant": "acme",
    }


def test_texts_are_told_as_they_are() -> None:
    plain = {**GENERATION, SEEN + "input": "Hi there", SEEN + "output": "Hello"}

    assert (told(plain)["input"], told(plain)["output"]) == ("Hi there", "Hello")


def test_the_level_tells_a_failure() -> None:
    failed = {**GENERATION, SEEN + "level": "ERROR", SEEN + "status_message": "429"}
    interaction = told({**failed, SEEN + "cost_details": json.dumps({"total": 0})})

    assert (interaction["success"], interaction["error"]) == (False, {"message": "429"})
    assert "cost" not in interaction["usage"]
    assert told({**GENERATION, SEEN + "level": "WARNING"})["success"] is True


BUCKETS: dict[str, tuple[dict[str, Any], Tokens]] = {
    "its own": ({"input": 30, "output": 6, "total": 36}, Tokens(30, 6)),
    "do not overlap": (
        {"input": 176, "output": 30, "input_cached_tokens": 1024, "output_reasoning_tokens": 10},
        Tokens(1200, 40, 1024, None, 10),
    ),
    "Anthropic's": (
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "cache_read_input_tokens": 2000,
            "cache_creation_input_tokens": 300,
        },
        Tokens(2310, 5, 2000, 300),
    ),
    "a total says that they overlap": (
        {"input": 1200, "output": 40, "total": 1240, "input_cached_tokens": 1024},
        Tokens(1200, 40, 1024),
    ),
    "OpenAI's usage": (
        {
            "prompt_tokens": 1200,
            "completion_tokens": 40,
            "total_tokens": 1240,
            "prompt_tokens_details": {"cached_tokens": 1024},
        },
        Tokens(1200, 40, 1024),
    ),
    "OpenAI's usage of responses": (
        {"input_tokens": 12, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 2}},
        Tokens(12, 4, 2),
    ),
    "zero": ({"input": 0, "output": 0}, Tokens(0, 0)),
    "nothing": ({}, Tokens()),
    "nonsense": ({"input": "many", "output": None}, Tokens()),
}


@pytest.mark.parametrize("what", BUCKETS)
def test_tokens_are_counted_in_one_meaning(what: str) -> None:
    given, found = BUCKETS[what]

    assert read_usage_details(given) == found


def test_costs_without_a_total_are_summed() -> None:
    costs = json.dumps({"input": 0.1, "output": 0.2})

    assert told({**GENERATION, SEEN + "cost_details": costs})["usage"]["cost"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({SEEN + "type": "generation"}, SpanKind.MODEL),
        ({SEEN + "type": "embedding"}, SpanKind.MODEL),
        ({SEEN + "model.name": "m"}, SpanKind.MODEL),
        ({SEEN + "type": "span", SEEN + "model.name": "m"}, SpanKind.MODEL),
        ({SEEN + "type": "span"}, SpanKind.CONTEXT),
        ({SEEN + "type": "agent", SEEN + "model.name": "m"}, SpanKind.CONTEXT),
        ({SEEN + "type": "tool"}, SpanKind.CONTEXT),
        ({"langfuse.trace.name": "x"}, None),
    ],
)
def test_generations_and_embeddings_count(
    attributes: dict[str, Any], kind: SpanKind | None
) -> None:
    assert kind_of(span(attributes)) is kind


def test_a_limit_that_nobody_set_is_no_parameter() -> None:
    parameters = json.dumps({"temperature": 1, "max_tokens": "Infinity"})
    interaction = told({**GENERATION, "langfuse.observation.model.parameters": parameters})

    assert interaction["parameters"] == {"temperature": 1}
