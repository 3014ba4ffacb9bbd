"""Numbered attributes, as OpenLLMetry wrote them up to conventions 1.36."""

from __future__ import annotations

from typing import Any

import pytest

from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.mapping import kind_of
from tests.integration.dialects.sent import span, told

CHAT: dict[str, Any] = {
    "llm.request.type": "chat",
    "gen_ai.system": "OpenAI",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.temperature": 0.2,
    "llm.top_k": 5,
    "llm.is_streaming": "False",
    "gen_ai.usage.prompt_tokens": 30,
    "gen_ai.usage.completion_tokens": 6,
    "llm.usage.total_tokens": 36,
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be brief.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "Where is order 7?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "On its way.",
    "gen_ai.completion.0.finish_reason": "stop",
}


def test_a_call_is_told_whole() -> None:
    interaction = told(CHAT)

    assert interaction["input"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is order 7?"},
    ]
    assert interaction["output"] == "On its way."
    assert interaction["parameters"] == {"temperature": 0.2, "top_k": 5}
    assert interaction["usage"] == {"input_tokens": 30, "output_tokens": 6}
    assert interaction["tags"] == {"provider": "OpenAI"}


def test_the_order_is_by_number_and_not_by_name() -> None:
    prompts = {
        f"gen_ai.prompt.{n}.{part}": f"{part}{n}" for n in range(12) for part in ("role", "content")
    }
    found = told({"gen_ai.request.model": "m", **prompts})["input"]

    assert [message["content"] for message in found] == [f"content{n}" for n in range(12)]


def test_tools_and_their_calls_are_read() -> None:
    interaction = told(
        {
            "llm.request.type": "chat",
            "gen_ai.request.model": "m",
            "llm.request.functions.0.name": "find_order",
            "llm.request.functions.0.parameters": '{"type": "object"}',
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": '[{"type": "text", "text": "Where?"}]',
            "gen_ai.completion.0.tool_calls.0.id": "call_1",
            "gen_ai.completion.0.tool_calls.0.name": "find_order",
            "gen_ai.completion.0.tool_calls.0.arguments": '{"order": 7}',
        }
    )

    assert interaction["input"]["messages"] == [{"role": "user", "content": "Where?"}]
    assert interaction["input"]["tools"][0]["function"]["name"] == "find_order"
    assert interaction["output"]["tool_calls"][0]["function"] == {
        "name": "find_order",
        "arguments": {"order": 7},
    }


def test_what_was_asked_as_json_text_stays_text() -> None:
    asked = {**CHAT, "gen_ai.prompt.1.content": '["a", "b"]'}

    assert told(asked)["input"][1]["content"] == '["a", "b"]'


def test_associated_properties_name_session_and_user() -> None:
    interaction = told(
        {
            **CHAT,
            "traceloop.association.properties.session_id": "s-1",
            "traceloop.association.properties.user_id": "u-1",
            "traceloop.association.properties.plan": "gold",
            "traceloop.workflow.name": "support",
        }
    )

    assert (interaction["session_id"], interaction["task_type"]) == ("s-1", "support")
    assert (interaction["tags"]["user"], interaction["tags"]["plan"]) == ("u-1", "gold")


@pytest.mark.parametrize("kind", ["workflow", "task", "agent", "tool"])
def test_what_surrounds_calls_is_context(kind: str) -> None:
    assert (
        kind_of(span({"traceloop.span.kind": kind, "traceloop.entity.input": "{}"}))
        is SpanKind.CONTEXT
    )


def test_a_hostile_number_is_only_a_name() -> None:
    odd = {
        "gen_ai.prompt.99999999.content": "x",
        "gen_ai.prompt.0": "y",
        "gen_ai.prompt.0.0.0.0": "z",
    }

    assert told({"gen_ai.request.model": "m", **odd})["model_id"] == "m"
