"""The Vercel AI SDK's own attributes, beside the conventions that it writes as well.

https://ai-sdk.dev/docs/ai-sdk-core/telemetry
"""

from __future__ import annotations

from typing import Any

from integration.dialects.answers import read_answer
from integration.dialects.calls import ToldCall
from integration.dialects.json_values import Json, list_in, number_in, object_in, open_json
from integration.dialects.messages import read_messages, with_tools
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.taken import Taken
from integration.dialects.usage import Tokens, parts_included

AREAS = frozenset({"ai", "operation", "resource"})
# `ai.generateText` sums up the calls below it: `ai.generateText.doGenerate`.
CALLS = (".doGenerate", ".doStream", ".doEmbed")
SETTINGS, METADATA = "ai.settings.", "ai.telemetry.metadata."


def kind_of(span: Span) -> SpanKind | None:
    operation = span.attributes.get("ai.operationId")
    if not isinstance(operation, str):
        return None
    return SpanKind.MODEL if operation.endswith(CALLS) else SpanKind.CONTEXT


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    metadata = taken.take_under(METADATA)
    taken.take("operation.name", "resource.name", "ai.operationId", "ai.response.finishReason")
    taken.take("ai.response.id", "ai.response.timestamp", "ai.telemetry.functionId")
    call.fill(
        model=taken.take("ai.model.id"),
        served_by=taken.take("ai.response.model"),
        input=_input(taken),
        output=_output(taken),
        usage=_tokens(taken).as_usage(),
        session=metadata.pop("sessionId", None),
        task_type=metadata.pop("taskType", None),
    )
    call.fill_parameters(taken.take_under(SETTINGS))
    user = metadata.pop("userId", None)
    call.fill_tags({"provider": taken.take("ai.model.provider"), "user": user, **metadata})
    for prefix in ("ai.request.", "ai.stream.", "ai.response.ms", "ai.response.avg"):
        taken.take_under(prefix)


def _input(taken: Taken) -> Json:
    given = taken.take("ai.prompt.messages", "ai.prompt", "ai.value", "ai.values")
    tools = [open_json(tool) for tool in list_in(taken.take("ai.prompt.tools"))]
    taken.take("ai.prompt.toolChoice")
    messages = read_messages(given)
    return open_json(given) if messages is None else with_tools(messages, tools)


def _output(taken: Taken) -> Json:
    text = taken.take("ai.response.text", "ai.result.text")
    made = taken.take("ai.response.object", "ai.result.object")
    calls = list_in(taken.take("ai.response.toolCalls", "ai.result.toolCalls"))
    taken.take("ai.response.providerMetadata", "ai.embedding", "ai.embeddings")
    if calls:
        return read_answer([{"role": "assistant", "content": text, "tool_calls": _named(calls)}])
    return open_json(made) if made is not None else text


def _named(calls: list[Any]) -> list[Json]:
    return [
        {
            "id": call.get("toolCallId"),
            "name": call.get("toolName"),
            "arguments": call.get("input", call.get("args")),
        }
        for call in calls
        if isinstance(call, dict)
    ]


def _tokens(taken: Taken) -> Tokens:
    """Anthropic's and Bedrock's cache writes are told only among the provider's own notes."""

    def count(*names: str) -> float | None:
        return number_in(taken.take(*(f"ai.usage.{name}" for name in names)))

    notes = object_in(taken.attributes.get("ai.response.providerMetadata"))
    written = object_in(notes.get("anthropic")).get("cacheCreationInputTokens")
    total = count("totalTokens")
    tokens = Tokens(
        count("inputTokens", "promptTokens", "tokens"),
        count("outputTokens", "completionTokens"),
        count("cachedInputTokens"),
        number_in(written),
        count("reasoningTokens"),
    )
    return parts_included(tokens, total)
