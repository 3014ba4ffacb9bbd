"""OpenTelemetry's conventions up to 1.36 with numbered attributes, as OpenLLMetry writes them:
`gen_ai.prompt.0.content`, `gen_ai.completion.0.content`, `llm.*`, `traceloop.*`.
"""

from __future__ import annotations

from integration.dialects.answers import answer_of
from integration.dialects.calls import ToldCall
from integration.dialects.json_values import Json, list_in, nest, number_in, open_json
from integration.dialects.messages import read_messages, with_tools
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.taken import Taken

PARAMETERS = {
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
    "llm.top_k": "top_k",
    "llm.chat.stop_sequences": "stop",
    "llm.request.reasoning_effort": "reasoning_effort",
    "llm.request.repetition_penalty": "repetition_penalty",
}
AREAS = frozenset(
    {"gen_ai.completion", "gen_ai.is_streaming", "gen_ai.prompt", "gen_ai.system", "gen_ai.user"}
    | {"llm.is_streaming", "llm.request", "llm.usage", "llm.user", "traceloop", *PARAMETERS}
)
CONTEXT = {"agent", "task", "tool", "workflow"}
PROPERTIES = "traceloop.association.properties."
SESSIONS = ("session_id", "conversation_id", "thread_id", "chat_id")


def kind_of(span: Span) -> SpanKind | None:
    if str(span.attributes.get("traceloop.span.kind")) in CONTEXT:
        return SpanKind.CONTEXT
    return SpanKind.MODEL if span.attributes.get("llm.request.type") else None


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    properties = taken.take_under(PROPERTIES)
    taken.take("llm.request.type", "llm.usage.total_tokens", "traceloop.span.kind")
    taken.take("traceloop.entity.input", "traceloop.entity.output", "traceloop.entity.path")
    tools = numbered(taken, "llm.request.functions.")
    prompts = numbered(taken, "gen_ai.prompt.")
    answers = numbered(taken, "gen_ai.completion.")
    call.fill(
        input=with_tools(_messages(prompts) or prompts, tools),
        output=_answer(answers),
        session=next((properties[n] for n in SESSIONS if n in properties), None),
        task_type=taken.take("traceloop.workflow.name", "traceloop.prompt.key"),
    )
    call.fill_parameters(_parameters(taken))
    if number := number_in(taken.take("llm.usage.reasoning_tokens")):
        call.usage.setdefault("reasoning_tokens", number)
    call.fill_tags(
        {
            "provider": taken.take("gen_ai.system"),
            "user": properties.get("user_id") or taken.take("llm.user", "gen_ai.user"),
            "entity": taken.take("traceloop.entity.name"),
            **properties,
        }
    )


def numbered(taken: Taken, prefix: str) -> list[dict[str, Json]]:
    """`prefix0.role`, `prefix0.content`, … as a list of objects."""
    found = nest(taken.take_under(prefix))
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]


def _messages(entries: list[dict[str, Json]]) -> list[dict[str, Json]] | None:
    return read_messages([_one(entry) for entry in entries])


def _one(entry: dict[str, Json]) -> dict[str, Json]:
    """A content of parts is written as their JSON; a text that merely is JSON stays text."""
    content = entry.get("content")
    parts = list_in(content)
    if parts and all(isinstance(part, dict) and "type" in part for part in parts):
        return {**entry, "content": parts}
    return entry


def _answer(entries: list[dict[str, Json]]) -> Json:
    messages = _messages([{"role": "assistant", **entry} for entry in entries])
    return answer_of(messages) if messages else None


def _parameters(taken: Taken) -> dict[str, Json]:
    found = {short: taken.take(name) for name, short in PARAMETERS.items()}
    streaming = taken.take("llm.is_streaming", "gen_ai.is_streaming")
    if streaming not in (None, False, "False", "false"):
        found["stream"] = True
    return {name: open_json(value) for name, value in found.items() if value is not None}
