"""The current conventions: messages, tokens, parameters, what counts as a call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.mapping import kind_of
from tests.integration.dialects.sent import CHAT, NOON_NS, span, told

MESSAGES = [{"role": "user", "content": "Where is my order 1001?"}]


def test_a_call_is_told_whole() -> None:
    interaction = told(
        {**CHAT, "gen_ai.request.temperature": 0.3, "gen_ai.conversation.id": "s-1"},
        resource={"service.name": "shop", "deployment.environment.name": "prod", "host.name": "h"},
    )

    assert interaction == {
        "id": "5b8aa5a2d2c872e8321cf37308d69df2-051581bf3cb55c13",
        "model_id": "gpt-5-mini",
        "input": MESSAGES,
        "output": "It ships tomorrow.",
        "parameters": {"temperature": 0.3},
        "usage": {"input_tokens": 40, "output_tokens": 8},
        "success": True,
        "session_id": "s-1",
        "tags": {"provider": "openai", "service": "shop", "env": "prod"},
        "metadata": {"timestamp": NOON_NS // 1_000_000, "duration": 800.0},
    }


def test_instructions_and_tools_belong_to_the_input() -> None:
    tool = {"type": "function", "name": "find_order", "parameters": {}}
    interaction = told(
        {
            **CHAT,
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}]),
            "gen_ai.tool.definitions": json.dumps([tool]),
        }
    )

    assert interaction["input"]["messages"] == [
        {"role": "system", "content": "Be brief."},
        *MESSAGES,
    ]
    assert interaction["input"]["tools"][0]["function"]["name"] == "find_order"


def test_messages_may_come_as_values() -> None:
    structured = {"role": "user", "parts": [{"type": "text", "content": "Where is my order 1001?"}]}

    assert told({**CHAT, "gen_ai.input.messages": [structured]})["input"] == MESSAGES


def test_a_call_without_texts_is_a_call() -> None:
    plain = {name: value for name, value in CHAT.items() if "messages" not in name}
    interaction = told(plain)

    assert interaction["input"] is None
    assert "output" not in interaction
    assert interaction["usage"] == {"input_tokens": 40, "output_tokens": 8}


COUNTS: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "parts lie within": (
        {"input_tokens": 1200, "cache_read.input_tokens": 1024, "cache_creation.input_tokens": 76},
        {"input_tokens": 1200, "cached_input_tokens": 1024, "cache_write_tokens": 76},
    ),
    "Anthropic's that lie beside": (
        {"input_tokens": 10, "cache_read_input_tokens": 2000, "cache_creation_input_tokens": 300},
        {"input_tokens": 2310, "cached_input_tokens": 2000, "cache_write_tokens": 300},
    ),
    "reasoning": (
        {"output_tokens": 50, "reasoning.output_tokens": 20},
        {"output_tokens": 50, "reasoning_tokens": 20},
    ),
    "old names": (
        {"prompt_tokens": 5, "completion_tokens": 0},
        {"input_tokens": 5, "output_tokens": 0},
    ),
    "Sentry's names": (
        {
            "input_tokens": 9,
            "input_tokens.cached": 4,
            "output_tokens": 3,
            "output_tokens.reasoning": 1,
        },
        {"input_tokens": 9, "cached_input_tokens": 4, "output_tokens": 3, "reasoning_tokens": 1},
    ),
    "texts": ({"input_tokens": "12", "output_tokens": ""}, {"input_tokens": 12}),
    "nonsense": ({"input_tokens": -1, "output_tokens": "many"}, {}),
}


@pytest.mark.parametrize("what", COUNTS)
def test_tokens_are_counted_in_one_meaning(what: str) -> None:
    given, found = COUNTS[what]
    attributes = {f"gen_ai.usage.{name}": count for name, count in given.items()}

    assert told({"gen_ai.request.model": "m", **attributes}).get("usage", {}) == found


@pytest.mark.parametrize("cost", ["gen_ai.usage.cost", "operation.cost"])
def test_a_cost_is_kept_and_zero_is_zero(cost: str) -> None:
    assert told({**CHAT, cost: 0.002})["usage"]["cost"] == 0.002
    assert told({**CHAT, cost: 0.0})["usage"]["cost"] == 0.0
    assert "cost" not in told(CHAT)["usage"]


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"gen_ai.operation.name": "chat"}, SpanKind.MODEL),
        ({"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e"}, SpanKind.MODEL),
        ({"gen_ai.operation.name": "acompletion", "gen_ai.request.model": "m"}, SpanKind.MODEL),
        ({"gen_ai.request.model": "m"}, SpanKind.MODEL),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}, SpanKind.CONTEXT),
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}, SpanKind.CONTEXT),
        ({"gen_ai.tool.name": "t", "gen_ai.request.model": "m"}, SpanKind.CONTEXT),
        ({"gen_ai.operation.name": "search_memory"}, None),
        ({"http.request.method": "GET"}, None),
        ({}, None),
    ],
)
def test_only_calls_of_models_count(attributes: dict[str, Any], kind: SpanKind | None) -> None:
    assert kind_of(span(attributes)) is kind


def test_what_is_no_list_of_messages_is_kept_as_it_came() -> None:
    interaction = told(
        {**CHAT, "gen_ai.input.messages": "hello", "gen_ai.output.messages": "[broken"}
    )

    assert (interaction["input"], interaction["output"]) == ("hello", "[broken")
