"""OpenTelemetry's conventions for generative AI, current (1.37 and later).

https://github.com/open-telemetry/semantic-conventions-genai
"""

from __future__ import annotations

from integration.dialects.answers import answer_of
from integration.dialects.calls import Call
from integration.dialects.json_values import Json, number_in, open_json, text_in
from integration.dialects.messages import read_messages, with_system, with_tools
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.taken import Taken
from integration.dialects.usage import Tokens, parts_included

AREAS = frozenset({"gen_ai", "logfire", "model_request_parameters", "operation", "server"})
# Operations that call no model themselves, or repeat what the calls below them used.
CONTEXT = {
    "agent_step",
    "create_agent",
    "execute_tool",
    "handoff",
    "invoke_agent",
    "invoke_workflow",
    "retrieval",
    "run_agent",
    "workflow",
}
CALLS = {
    "chat",
    "completion",
    "embeddings",
    "generate_content",
    "text_completion",
}
MODELS = ("gen_ai.request.model", "gen_ai.response.model")
USAGE = "gen_ai.usage."
CACHED = (
    "cache_read.input_tokens",
    "cache_read_input_tokens",
    "input_tokens.cached",
    "cached_input_tokens",
    "details.cache_read_tokens",
    "details.cache_read_input_tokens",
    "prompt_tokens_details.cached_tokens",
)
WRITTEN = (
    "cache_write.input_tokens",
    "cache_creation.input_tokens",
    "cache_creation_input_tokens",
    "input_tokens.cache_write",
    "details.cache_write_tokens",
    "details.cache_creation_input_tokens",
)
REASONING = (
    "reasoning.output_tokens",
    "output_tokens.reasoning",
    "reasoning_tokens",
    "details.reasoning_tokens",
    "completion_tokens_details.reasoning_tokens",
)
RENAMED = {"choice.count": "n", "is_stream": "stream", "encoding_formats": "encoding_format"}


def kind_of(span: Span) -> SpanKind | None:
    operation = str(span.attributes.get("gen_ai.operation.name"))
    if operation in CONTEXT or "gen_ai.tool.name" in span.attributes:
        return SpanKind.CONTEXT
    known = operation in CALLS or any(span.attributes.get(name) for name in MODELS)
    return SpanKind.MODEL if known else None


def read(span: Span, taken: Taken, call: Call) -> None:
    taken.take("gen_ai.operation.name", "gen_ai.output.type", "gen_ai.token.type")
    call.fill(
        model=taken.take("gen_ai.request.model"),
        served_by=taken.take("gen_ai.response.model"),
        response_id=text_in(taken.take("gen_ai.response.id")),
        session=taken.take("gen_ai.conversation.id"),
        task_type=taken.take("gen_ai.prompt.name", "gen_ai.agent.name"),
        input=read_input(taken),
        output=read_output(taken),
        usage=read_tokens(taken).as_usage(),
        cost=number_in(
            taken.take("gen_ai.usage.cost", "gen_ai.usage.total_cost", "operation.cost")
        ),
    )
    call.fill_tags(
        {
            "provider": taken.take("gen_ai.provider.name"),
            "finish_reason": _finish_reason(taken),
        }
    )
    call.fill_parameters(read_parameters(taken))
    taken.take("gen_ai.agent.id", "gen_ai.agent.description", "gen_ai.data_source.id")
    taken.take("gen_ai.agent.call.id", "model_request_parameters")  # Pydantic AI's own
    for prefix in ("gen_ai.openai.", "logfire."):
        taken.take_under(prefix)


def read_input(taken: Taken) -> Json:
    """The messages with the system instructions before them; the text as it is if unreadable."""
    given = taken.take("gen_ai.input.messages")
    system = taken.take("gen_ai.system_instructions")
    tools = taken.take("gen_ai.tool.definitions")
    messages = read_messages(given)
    if messages is None and given is not None:
        return open_json(given)
    found = with_system(system, messages or [])
    return with_tools(found, tools) if found else None


def read_output(taken: Taken) -> Json:
    given = taken.take("gen_ai.output.messages")
    messages = read_messages(given)
    return open_json(given) if messages is None else answer_of(messages)


def read_parameters(taken: Taken) -> dict[str, Json]:
    """`gen_ai.request.temperature` as `temperature`, and so on."""
    found = taken.take_under("gen_ai.request.") | taken.take_under("gen_ai.openai.request.")
    found.pop("model", None)
    return {RENAMED.get(name, name): open_json(value) for name, value in found.items()}


def read_tokens(taken: Taken) -> Tokens:
    def count(*names: str) -> float | None:
        return number_in(taken.take(*(USAGE + name for name in names)))

    total = count("total_tokens")
    tokens = Tokens(
        count("input_tokens", "prompt_tokens"),
        count("output_tokens", "completion_tokens"),
        count(*CACHED),
        count(*WRITTEN),
        count(*REASONING),
    )
    return parts_included(tokens, total)


def _finish_reason(taken: Taken) -> Json:
    """One reason is told as such; LiteLLM writes the list as text."""
    reasons = open_json(
        taken.take("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason")
    )
    return reasons[0] if isinstance(reasons, list) and len(reasons) == 1 else reasons
