"""OpenTelemetry's conventions for generative AI, current (1.37 and later).

https://github.com/open-telemetry/semantic-conventions-genai
"""

from __future__ import annotations

from integration.dialects.answers import answer_of
from integration.dialects.calls import ToldCall
from integration.dialects.json_values import Json, number_in, open_json, text_in
from integration.dialects.messages import read_messages, with_system, with_tools
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.name_sets import Wanted
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
# The part of their names after `gen_ai.usage.`.
COUNTS = {
    "total": ("total_tokens",),
    "input": ("input_tokens", "prompt_tokens"),
    "output": ("output_tokens", "completion_tokens"),
    "cached": (
        "cache_read.input_tokens",
        "cache_read_input_tokens",
        "input_tokens.cached",
        "cached_input_tokens",
        "details.cache_read_tokens",
        "details.cache_read_input_tokens",
        "prompt_tokens_details.cached_tokens",
    ),
    "written": (
        "cache_write.input_tokens",
        "cache_creation.input_tokens",
        "cache_creation_input_tokens",
        "input_tokens.cache_write",
        "details.cache_write_tokens",
        "details.cache_creation_input_tokens",
    ),
    "reasoning": (
        "reasoning.output_tokens",
        "output_tokens.reasoning",
        "reasoning_tokens",
        "details.reasoning_tokens",
        "completion_tokens_details.reasoning_tokens",
    ),
}
WHOLE = {"input", "output"}
TOKENS = Wanted(
    **{part: tuple(f"gen_ai.usage.{name}" for name in names) for part, names in COUNTS.items()}
)
WANTED = Wanted(
    model="gen_ai.request.model",
    served_by="gen_ai.response.model",
    response_id="gen_ai.response.id",
    session="gen_ai.conversation.id",
    task_type=("gen_ai.prompt.name", "gen_ai.agent.name"),
    input="gen_ai.input.messages",
    system="gen_ai.system_instructions",
    tools="gen_ai.tool.definitions",
    output="gen_ai.output.messages",
    cost=("gen_ai.usage.cost", "gen_ai.usage.total_cost", "operation.cost"),
    provider="gen_ai.provider.name",
    finish_reason=("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"),
    # Understood, and no part of an interaction.
    operation=("gen_ai.operation.name", "gen_ai.output.type", "gen_ai.token.type"),
    agent=("gen_ai.agent.id", "gen_ai.agent.description", "gen_ai.data_source.id"),
    pydantic_ai=("gen_ai.agent.call.id", "model_request_parameters"),
)
RENAMED = {"choice.count": "n", "is_stream": "stream", "encoding_formats": "encoding_format"}


def kind_of(span: Span) -> SpanKind | None:
    operation = str(span.attributes.get("gen_ai.operation.name"))
    if operation in CONTEXT or "gen_ai.tool.name" in span.attributes:
        return SpanKind.CONTEXT
    known = operation in CALLS or any(span.attributes.get(name) for name in MODELS)
    return SpanKind.MODEL if known else None


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    found = taken.take_all(WANTED)
    call.fill(
        model=found.get("model"),
        served_by=found.get("served_by"),
        response_id=text_in(found.get("response_id")),
        session=found.get("session"),
        task_type=found.get("task_type"),
        input=_input(found),
        output=_output(found.get("output")),
        usage=_tokens(taken).as_usage(),
        cost=number_in(found.get("cost")),
    )
    reason = _finish_reason(found.get("finish_reason"))
    call.fill_tags({"provider": found.get("provider"), "finish_reason": reason})
    call.fill_parameters(_parameters(taken))
    for prefix in ("gen_ai.openai.", "logfire."):
        taken.take_under(prefix)


def _input(found: dict[str, Json]) -> Json:
    """The messages with the system instructions before them; the text as it is if unreadable."""
    given = found.get("input")
    messages = read_messages(given)
    if messages is None and given is not None:
        return open_json(given)
    whole = with_system(found.get("system"), messages or [])
    return with_tools(whole, found.get("tools")) if whole else None


def _output(given: Json) -> Json:
    messages = read_messages(given)
    return open_json(given) if messages is None else answer_of(messages)


def _parameters(taken: Taken) -> dict[str, Json]:
    """`gen_ai.request.temperature` as `temperature`, and so on."""
    found = taken.take_under("gen_ai.request.") | taken.take_under("gen_ai.openai.request.")
    found.pop("model", None)
    return {RENAMED.get(name, name): open_json(value) for name, value in found.items()}


def _tokens(taken: Taken) -> Tokens:
    counts = {part: number_in(value) for part, value in taken.take_all(TOKENS).items()}
    total = counts.pop("total", None)
    if counts.keys() <= WHOLE:  # no parts that could lie within, or beside
        return Tokens(counts.get("input"), counts.get("output"))
    return parts_included(Tokens(**counts), total)


def _finish_reason(given: Json) -> Json:
    """One reason is told as such; LiteLLM writes the list as text."""
    reasons = open_json(given) if isinstance(given, str) else given
    return reasons[0] if isinstance(reasons, list) and len(reasons) == 1 else reasons
