"""OpenInference, as Phoenix and its instrumentations write it.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

from integration.dialects.answers import answer_of, read_answer
from integration.dialects.calls import ToldCall
from integration.dialects.json_values import Json, nest, number_in, object_in, open_json
from integration.dialects.messages import read_messages, with_tools
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.name_sets import NameSet, Wanted
from integration.dialects.spans.taken import Taken
from integration.dialects.usage import Tokens, parts_included

AREAS = frozenset(
    {"agent", "embedding", "input", "llm", "metadata", "openinference", "output", "prompt"}
    | {"session", "tag", "user"}
)
KIND = "openinference.span.kind"
MODELS = {"LLM", "EMBEDDING"}
COUNT, PLAIN_COUNTS = "llm.token_count.", {"prompt", "completion", "total"}
WANTED = Wanted(
    asked="llm.request.model_name",
    named=("llm.model_name", "embedding.model_name"),
    served_by="llm.response.model_name",
    parameters=("llm.invocation_parameters", "embedding.invocation_parameters"),
    value="input.value",
    answer="output.value",
    session="session.id",
    task_type=("llm.prompt_template.name", "prompt.id", "agent.name"),
    provider=("llm.provider", "llm.system"),
    user="user.id",
    tags="tag.tags",
    finish_reason="llm.finish_reason",
    metadata="metadata",
    # Understood, and no part of an interaction.
    kinds=(KIND, "input.mime_type", "output.mime_type"),
)
# What the invocation parameters repeat of the input.
REPEATED = ("model", "messages", "tools", "functions", "input", "prompt")


def kind_of(span: Span) -> SpanKind | None:
    kind = span.attributes.get(KIND)
    if kind is None:
        return None
    return SpanKind.MODEL if str(kind).upper() in MODELS else SpanKind.CONTEXT


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    found = taken.take_all(WANTED)
    given = object_in(found.get("parameters")) | taken.take_under("llm.invocation_parameters.")
    named = found.get("named")
    call.fill(
        model=found.get("asked") or given.get("model") or _asked(found) or named,
        served_by=found.get("served_by") or named,
        input=_input(taken, found, given),
        output=_output(taken, found),
        usage=_tokens(taken).as_usage(),
        cost=_cost(taken),
        session=found.get("session"),
        task_type=found.get("task_type"),
    )
    call.fill_parameters({k: open_json(v) for k, v in given.items() if k not in REPEATED})
    tags = {name: found.get(name) for name in ("provider", "user", "tags", "finish_reason")}
    call.fill_tags({**tags, **object_in(found.get("metadata"))})


def _asked(found: dict[str, Json]) -> Json:
    return object_in(found.get("value")).get("model")


def _input(taken: Taken, found: dict[str, Json], given: dict[str, Any]) -> Json:
    """The messages where they are told one by one, else the value as it was passed."""
    messages = _messages(taken, INPUT)
    tools = _tools(taken) or given.get("tools")
    texts = _listed(taken, "llm.prompts.", "prompt", "text")
    texts += _listed(taken, "embedding.embeddings.", "embedding", "text")
    if messages:
        return with_tools(messages, tools)
    return (texts[0] if len(texts) == 1 else texts) or open_json(found.get("value"))


def _output(taken: Taken, found: dict[str, Json]) -> Json:
    messages = _messages(taken, OUTPUT)
    texts = _listed(taken, "llm.choices.", "completion", "text")
    if messages:
        return answer_of(messages)
    return (texts[0] if len(texts) == 1 else texts) or read_answer(found.get("answer"))


def _messages(taken: Taken, prefix: str) -> list[dict[str, Any]] | None:
    """`llm.input_messages.0.message.role`, … as messages."""
    plain = taken.known.derive(PLAIN_OF[prefix])
    if plain is not None and (messages := _read_plain(taken, plain)) is not None:
        return messages
    found = nest(taken.take_under(prefix))
    entries = found if isinstance(found, list) else []
    return read_messages([_message(entry.get("message")) for entry in entries if _is(entry)])


def _read_plain(taken: Taken, plain: Plain) -> list[dict[str, Any]] | None:
    """Messages of a role and a text, as nearly all are, without nesting them first."""
    made = [{"role": taken.attributes[r], "content": taken.attributes[c]} for r, c in plain]
    if not all(isinstance(one["content"], str) for one in made):
        return None
    taken.names.update(name for pair in plain for name in pair)
    return made or None


def find_plain(prefix: str, names: NameSet) -> Plain | None:
    """The names of role and content of each message; None when they have anything else."""
    found: dict[int, dict[str, str]] = {}
    for name, rest in names.under(prefix):
        number, _, member = rest.partition(".message.")
        if member not in ("role", "content") or not is_number(number):
            return None
        found.setdefault(int(number), {})[member] = name
    pairs = [(pair.get("role", ""), pair.get("content", "")) for _, pair in sorted(found.items())]
    return pairs if all(role and content for role, content in pairs) else None


def is_number(text: str) -> bool:
    """Written as numbers are: no other name of the span stands for the same one."""
    return text.isdecimal() and len(text) <= 6 and text == str(int(text))


Plain: TypeAlias = list[tuple[str, str]]
INPUT, OUTPUT = "llm.input_messages.", "llm.output_messages."
PLAIN_OF = {prefix: partial(find_plain, prefix) for prefix in (INPUT, OUTPUT)}


def _is(entry: Json) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("message"), dict)


def _message(found: dict[str, Any]) -> dict[str, Any]:
    message = {"role": found.get("role", "assistant"), **found}
    if isinstance(parts := found.get("contents"), list):
        message["content"] = [_part(part) for part in parts]
    if isinstance(calls := found.get("tool_calls"), list):
        message["tool_calls"] = [_call(call) for call in calls]
    if name := found.get("function_call_name"):
        arguments = found.get("function_call_arguments_json")
        message["function_call"] = {"name": name, "arguments": arguments}
    return message


def _part(part: Json) -> Json:
    """A content's members stand under `message_content`, a tool's call beside them."""
    if not isinstance(part, dict):
        return part
    inner = part.get("message_content")
    found = inner if isinstance(inner, dict) else {}
    if "tool_call" in part:
        return {"type": "tool_use", **_call(part)}
    return found or part


def _call(call: Json) -> dict[str, Any]:
    found = call.get("tool_call", call) if isinstance(call, dict) else {}
    return found if isinstance(found, dict) else {}


def _tools(taken: Taken) -> list[Json]:
    told = taken.take_under("llm.tools.")
    if not told:
        return []
    found = nest(told)
    entries = found if isinstance(found, list) else []
    schemas = [entry.get("tool") for entry in entries if isinstance(entry, dict)]
    return [
        open_json(tool["json_schema"])
        for tool in schemas
        if isinstance(tool, dict) and "json_schema" in tool
    ]


def _listed(taken: Taken, prefix: str, name: str, member: str) -> list[Json]:
    """`llm.prompts.0.prompt.text` and its like; vectors and the rest beside are left out."""
    told = taken.take_under(prefix)
    if not told:
        return []
    found = nest(told)
    entries = found if isinstance(found, list) else []
    inner = [entry.get(name) for entry in entries if isinstance(entry, dict)]
    return [part[member] for part in inner if isinstance(part, dict) and member in part]


def _tokens(taken: Taken) -> Tokens:
    counts = {name: number_in(value) for name, value in taken.take_under(COUNT).items()}
    if counts.keys() <= PLAIN_COUNTS:  # nothing that could lie within, or beside
        return Tokens(counts.get("prompt"), counts.get("completion"))
    cached = counts.get("prompt_details.cache_read")
    also_cached = counts.get("prompt_details.cache_input")
    tokens = Tokens(
        counts.get("prompt"),
        counts.get("completion"),
        also_cached if cached is None else cached,
        counts.get("prompt_details.cache_write"),
        counts.get("completion_details.reasoning"),
    )
    return parts_included(tokens, counts.get("total"))


def _cost(taken: Taken) -> float | None:
    """The total, else the sum of what was paid for input and output."""
    costs = taken.take_under("llm.cost.")
    parts = [number_in(costs.get(name)) for name in ("prompt", "completion")]
    known = [part for part in parts if part is not None]
    total = number_in(costs.get("total"))
    return total if total is not None else sum(known) if known else None
