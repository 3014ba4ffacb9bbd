"""The Vercel AI SDK's spans: the inner ones are the calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.mapping import kind_of
from tests.integration.dialects.sent import span, told

CALL: dict[str, Any] = {
    "operation.name": "ai.generateText.doGenerate shop",
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.model.id": "gpt-4o",
    "ai.model.provider": "openai.chat",
    "ai.prompt.messages": json.dumps(
        [{"role": "user", "content": [{"type": "text", "text": "Where is order 7?"}]}]
    ),
    "ai.response.text": "On its way.",
    "ai.response.model": "gpt-4o-2024-08-06",
    "ai.settings.maxRetries": 2,
    "ai.telemetry.metadata.userId": "u-1",
    "ai.telemetry.metadata.sessionId": "s-1",
    "ai.usage.inputTokens": 30,
    "ai.usage.outputTokens": 6,
    "ai.usage.cachedInputTokens": 20,
    "gen_ai.system": "openai.chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.temperature": 0.4,
    "gen_ai.usage.input_tokens": 30,
    "gen_ai.usage.output_tokens": 6,
}


def test_a_call_is_told_whole() -> None:
    interaction = told(CALL)

    assert interaction["model_id"] == "gpt-4o"
    assert interaction["input"] == [{"role": "user", "content": "Where is order 7?"}]
    assert interaction["output"] == "On its way."
    assert interaction["parameters"] == {"maxRetries": 2, "temperature": 0.4}
    assert interaction["usage"] == {
        "input_tokens": 30,
        "output_tokens": 6,
        "cached_input_tokens": 20,
    }
    assert interaction["session_id"] == "s-1"
    assert interaction["tags"] == {"provider": "openai.chat", "user": "u-1"}


def test_tools_and_their_calls_are_read() -> None:
    tool = json.dumps({"type": "function", "name": "find", "inputSchema": {}})
    calls = json.dumps([{"toolCallId": "c-1", "toolName": "find", "input": '{"order": 7}'}])
    answered = {name: value for name, value in CALL.items() if name != "ai.response.text"}
    interaction = told({**answered, "ai.prompt.tools": [tool], "ai.response.toolCalls": calls})

    assert interaction["input"]["tools"][0]["function"]["name"] == "find"
    assert interaction["output"]["tool_calls"] == [
        {"id": "c-1", "type": "function", "function": {"name": "find", "arguments": {"order": 7}}}
    ]


def test_objects_are_values() -> None:
    answered = {name: value for name, value in CALL.items() if name != "ai.response.text"}

    assert told({**answered, "ai.response.object": '{"label": "x"}'})["output"] == {"label": "x"}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("ai.generateText.doGenerate", SpanKind.MODEL),
        ("ai.streamObject.doStream", SpanKind.MODEL),
        ("ai.embed.doEmbed", SpanKind.MODEL),
        ("ai.generateText", SpanKind.CONTEXT),
        ("ai.toolCall", SpanKind.CONTEXT),
    ],
)
def test_the_inner_spans_are_the_calls(operation: str, kind: SpanKind) -> None:
    assert kind_of(span({**CALL, "ai.operationId": operation})) is kind
