"""OpenInference's attributes, as its instrumentations send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.mapping import kind_of, read_span
from tests.integration.dialects.sent import span, told

LLM: dict[str, Any] = {
    "openinference.span.kind": "LLM",
    "llm.system": "openai",
    "llm.model_name": "gpt-4o-2024-08-06",
    "llm.invocation_parameters": json.dumps({"temperature": 0.4, "max_tokens": 50}),
    "input.value": json.dumps({"model": "gpt-4o", "messages": []}),
    "input.mime_type": "application/json",
    "output.value": json.dumps({"choices": [{"message": {"content": "other"}}]}),
    "output.mime_type": "application/json",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "Where is order 7?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "On its way.",
    "llm.token_count.prompt": 30,
    "llm.token_count.completion": 6,
    "llm.token_count.total": 36,
    "session.id": "s-1",
    "user.id": "u-1",
    "metadata": json.dumps({"tenant": "acme"}),
}


def test_a_call_is_told_whole() -> None:
    interaction = told(LLM)

    assert interaction["model_id"] == "gpt-4o"
    assert interaction["input"] == [{"role": "user", "content": "Where is order 7?"}]
    assert interaction["output"] == "On its way."
    assert interaction["parameters"] == {"temperature": 0.4, "max_tokens": 50}
    assert interaction["usage"] == {"input_tokens": 30, "output_tokens": 6}
    assert interaction["session_id"] == "s-1"
    assert interaction["tags"] == {"provider": "openai", "user": "u-1", "tenant": "acme"}


def test_a_failed_call_names_the_model_that_was_asked() -> None:
    failed = {name: value for name, value in LLM.items() if name != "llm.model_name"}

    assert told(failed)["model_id"] == "gpt-4o"


def test_tools_and_their_calls_are_read() -> None:
    message = "llm.output_messages.0.message"
    interaction = told(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "m",
            "llm.tools.0.tool.json_schema": json.dumps(
                {"type": "function", "function": {"name": "find"}}
            ),
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "Where?",
            f"{message}.role": "assistant",
            f"{message}.tool_calls.0.tool_call.id": "call_1",
            f"{message}.tool_calls.0.tool_call.function.name": "find",
            f"{message}.tool_calls.0.tool_call.function.arguments": '{"order": 7}',
        }
    )

    assert interaction["input"] == {
        "messages": [{"role": "user", "content": "Where?"}],
        "tools": [{"type": "function", "function": {"name": "find"}}],
    }
    assert interaction["output"]["tool_calls"][0]["function"]["arguments"] == {"order": 7}


def test_calls_in_order_among_contents_are_read() -> None:
    message = "llm.output_messages.0.message"
    interaction = told(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "m",
            f"{message}.role": "assistant",
            f"{message}.contents.0.message_content.type": "text",
            f"{message}.contents.0.message_content.text": "One moment.",
            f"{message}.contents.1.message_content.type": "tool_use",
            f"{message}.contents.1.tool_call.id": "call_1",
            f"{message}.contents.1.tool_call.function.name": "find",
            f"{message}.contents.1.tool_call.function.arguments": "{}",
        }
    )

    assert interaction["output"]["content"] == "One moment."
    assert interaction["output"]["tool_calls"][0]["function"]["name"] == "find"


def test_without_messages_the_values_are_the_input_and_output() -> None:
    plain = {"openinference.span.kind": "LLM", "llm.model_name": "m", "input.value": "Hi"}

    assert told({**plain, "output.value": "Hello"})["input"] == "Hi"
    assert told({**plain, "output.value": '{"label": "x"}'})["output"] == {"label": "x"}


def test_embeddings_have_their_text_as_input_and_no_vectors() -> None:
    found = told(
        {
            "openinference.span.kind": "EMBEDDING",
            "embedding.model_name": "text-embedding-3-small",
            "embedding.embeddings.0.embedding.text": "some text",
            "embedding.embeddings.0.embedding.vector": [0.1, 0.2],
            "llm.token_count.prompt": 8,
        }
    )

    assert (found["model_id"], found["input"]) == ("text-embedding-3-small", "some text")
    assert found["usage"] == {"input_tokens": 8}
    assert "output" not in found


def test_cached_tokens_are_part_of_the_prompt() -> None:
    details = {"prompt_details.cache_read": 20, "prompt_details.cache_write": 4}
    more = {f"llm.token_count.{name}": count for name, count in details.items()}
    reasoning = {"llm.token_count.completion_details.reasoning": 2}

    assert told({**LLM, **more, **reasoning})["usage"] == {
        "input_tokens": 30,
        "output_tokens": 6,
        "cached_input_tokens": 20,
        "cache_write_tokens": 4,
        "reasoning_tokens": 2,
    }


def test_a_cost_is_the_total_or_its_sum() -> None:
    assert told({**LLM, "llm.cost.total": 0.5, "llm.cost.prompt": 0.1})["usage"]["cost"] == 0.5
    halves = {"llm.cost.prompt": 0.1, "llm.cost.completion": 0.2}
    assert told({**LLM, **halves})["usage"]["cost"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    "kind", ["CHAIN", "AGENT", "TOOL", "RETRIEVER", "RERANKER", "GUARDRAIL", "odd"]
)
def test_other_kinds_are_context_whatever_they_repeat(kind: str) -> None:
    assert kind_of(span({**LLM, "openinference.span.kind": kind})) is SpanKind.CONTEXT


MESSAGE = "llm.input_messages"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {f"{MESSAGE}.1.message.content": 5},
        {f"{MESSAGE}.1.message.name": "x"},
        {f"{MESSAGE}.01.message.role": "user", f"{MESSAGE}.01.message.content": "again"},
        {f"{MESSAGE}.10.message.role": "user", f"{MESSAGE}.10.message.content": "last"},
        {f"{MESSAGE}.2.message.role": "user"},
        {f"{MESSAGE}.2": "odd"},
    ],
    ids=str,
)
def test_plain_messages_are_read_the_short_way_as_the_long(
    more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes = {
        "openinference.span.kind": "LLM",
        f"{MESSAGE}.1.message.role": "user",
        f"{MESSAGE}.1.message.content": "Where?",
        f"{MESSAGE}.0.message.role": "system",
        f"{MESSAGE}.0.message.content": "Be brief.",
    }
    short = read_span(span(attributes | more))
    monkeypatch.setattr("integration.dialects.spans.openinference._read_plain", lambda *_: None)

    assert read_span(span(attributes | more)) == short
