"""The benchmarks' calls as requests: of the batch endpoint, and as spans in three dialects."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from integration.dialects.otlp.wire import write_bytes
from tests.benchmarks.traffic import items
from tests.integration.dialects.sent import json_body, json_span, wire_request, wire_span

SIZE = 200  # items a request: what OpenTelemetry's exporters send at most is 512
Item: TypeAlias = dict[str, Any]
Attributes: TypeAlias = dict[str, Any]


def items_of(round_number: int) -> Iterator[Item]:
    return items(SIZE, seed=round_number)


def batch_body(round_number: int) -> bytes:
    made = [{"id": str(uuid.uuid4()), **found} for found in items_of(round_number)]
    return json.dumps(made).encode()


def protobuf_spans(attributes_of: Callable[[Item], Attributes]) -> Callable[[int], bytes]:
    def body(round_number: int) -> bytes:
        return wire_request(*(in_protobuf(attributes_of(one)) for one in items_of(round_number)))

    return body


def in_protobuf(attributes: Attributes) -> bytes:
    return wire_span(
        attributes,
        trace_id=write_bytes(1, uuid.uuid4().bytes),
        span_id=write_bytes(2, uuid.uuid4().bytes[:8]),
    )


def json_spans(attributes_of: Callable[[Item], Attributes]) -> Callable[[int], bytes]:
    def body(round_number: int) -> bytes:
        return json_body(*(in_json(attributes_of(one)) for one in items_of(round_number)))

    return body


def in_json(attributes: Attributes) -> Item:
    return json_span(attributes, traceId=uuid.uuid4().hex, spanId=uuid.uuid4().hex[:16])


def genai(call: Item) -> Attributes:
    """OpenTelemetry's conventions as their own instrumentations write them."""
    system, *asked = call["input"]["messages"]
    answer = {**_parts(call["output"]), "finish_reason": "stop"}
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": call["model_id"],
        "gen_ai.response.model": call["model_id"],
        "gen_ai.response.id": f"chatcmpl-{uuid.uuid4().hex}",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 512,
        "gen_ai.conversation.id": call["session_id"],
        "gen_ai.usage.input_tokens": call["usage"]["input_tokens"],
        "gen_ai.usage.output_tokens": call["usage"]["output_tokens"],
        "gen_ai.system_instructions": json.dumps(_parts(system)["parts"]),
        "gen_ai.input.messages": json.dumps([_parts(message) for message in asked]),
        "gen_ai.output.messages": json.dumps([answer]),
        "gen_ai.response.finish_reasons": ["stop"],
        "feature_memory.task_type": call["task_type"],
        "app": "desk",
    }


def _parts(message: Item) -> Item:
    return {"role": message["role"], "parts": [{"type": "text", "content": message["content"]}]}


def openinference(call: Item) -> Attributes:
    """Each message in attributes of its own, and the whole request once more."""
    sent, answered = call["usage"]["input_tokens"], call["usage"]["output_tokens"]
    messages = {
        f"llm.input_messages.{number}.message.{name}": value
        for number, message in enumerate(call["input"]["messages"])
        for name, value in message.items()
    }
    return {
        "openinference.span.kind": "LLM",
        "llm.model_name": call["model_id"],
        "llm.provider": "openai",
        "llm.invocation_parameters": json.dumps({"model": call["model_id"], **call["parameters"]}),
        "session.id": call["session_id"],
        "llm.token_count.prompt": sent,
        "llm.token_count.completion": answered,
        "llm.token_count.total": sent + answered,
        "input.value": json.dumps(call["input"]),
        "input.mime_type": "application/json",
        "output.value": call["output"]["content"],
        **messages,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": call["output"]["content"],
    }


def langfuse(call: Item) -> Attributes:
    usage = {"input": call["usage"]["input_tokens"], "output": call["usage"]["output_tokens"]}
    return {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": call["model_id"],
        "langfuse.observation.input": json.dumps(call["input"]["messages"]),
        "langfuse.observation.output": json.dumps(call["output"]),
        "langfuse.observation.usage_details": json.dumps(usage),
        "langfuse.observation.model.parameters": json.dumps(call["parameters"]),
        "langfuse.session.id": call["session_id"],
        "langfuse.environment": "prod",
    }


DIALECTS = {"GenAI": genai, "OpenInference": openinference, "Langfuse": langfuse}
