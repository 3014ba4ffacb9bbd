"""Chat messages in one shape, whatever wrote them: `{"role", "content", "tool_calls"?, …}`.

The same conversation must look the same through every way in, or it would be two patterns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from integration.dialects.json_values import Json, list_in, open_json
from integration.dialects.tool_calls import (
    CALLS,
    RESULTS,
    message_of_item,
    read_call,
    read_result,
    read_tool,
)

PLAIN = {"role", "content", "parts", "finish_reason"}
KEPT = ("name", "tool_call_id", "refusal", "function_call", "reasoning_content")


def read_messages(value: Json) -> list[dict[str, Any]] | None:
    """The messages in a value, also when it came as text; None when there are none."""
    if isinstance(value, str) and (usual := read_usual(value)) is not None:
        return usual
    found = open_json(value)
    if isinstance(found, dict) and "role" in found:
        found = [found]
    if not isinstance(found, list) or not found:
        return None
    if (plain := read_plain(found)) is not None:
        return plain
    found = [message_of_item(entry) for entry in found]
    if not all(isinstance(entry, dict) and _is_message(entry) for entry in found):
        return None
    return [message for entry in found for message in _messages_of(entry)]


class TextPart(Struct, forbid_unknown_fields=True, gc=False):
    type: Literal["text"]
    content: str


class OneTextMessage(Struct, forbid_unknown_fields=True, gc=False):
    """A message as OpenTelemetry's conventions write nearly all: a role and one part of text."""

    role: str
    parts: tuple[TextPart]
    finish_reason: str | None = None


ONE_PART = msgspec.json.Decoder(tuple[TextPart])
USUAL = msgspec.json.Decoder(list[OneTextMessage])


def read_usual(text: str) -> list[dict[str, Any]] | None:
    """What `read_plain` makes of it, in half the time; None where a message is anything else."""
    if not text.startswith('[{"role"'):
        return None
    try:
        found = USUAL.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return [{"role": one.role, "content": one.parts[0].content} for one in found] or None


def read_plain(entries: list[Any]) -> list[dict[str, Any]] | None:
    """Messages of a role and one text, as nearly all are; None where one is anything else."""
    found = []
    for entry in entries:
        if not isinstance(entry, dict) or "role" not in entry or not entry.keys() <= PLAIN:
            return None
        text = _only_text(entry)
        if text is None:
            return None
        found.append({"role": entry["role"], "content": text})
    return found


def _only_text(entry: Mapping[str, Any]) -> str | None:
    parts = entry.get("parts")
    if parts is None:
        parts = entry.get("content")
        if isinstance(parts, str):
            return parts
    if not isinstance(parts, list) or len(parts) != 1 or not isinstance(parts[0], dict):
        return None
    part = parts[0]
    text = part.get("content", part.get("text"))
    return text if len(part) == 2 and part.get("type") == "text" and isinstance(text, str) else None


def with_system(system: Json, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """System instructions as the first message, unless the messages have some already."""
    if system is None or any(message.get("role") == "system" for message in messages):
        return messages
    content: Json = read_only_part(system) if isinstance(system, str) else None
    if content is None:
        parts = list_in(system)
        content = content_of(parts) if parts else open_json(system)
    return [{"role": "system", "content": content}, *messages]


def read_only_part(text: str) -> str | None:
    """The text of `[{"type": "text", "content": …}]`; None where it is anything else."""
    if not text.startswith('[{"type"'):
        return None
    try:
        return ONE_PART.decode(text)[0].content
    except (msgspec.MsgspecError, UnicodeError):
        return None


def with_tools(messages: Json, tools: Json) -> Json:
    """An input as it was asked: the messages, and the tools on offer where there are any."""
    found = [read_tool(tool) for tool in list_in(tools)]
    if not found or not isinstance(messages, list):
        return messages
    return {"messages": messages, "tools": found}


def _is_message(entry: Mapping[str, Any]) -> bool:
    inner = entry.get("message")
    return "role" in entry or (isinstance(inner, dict) and "role" in inner)


def _messages_of(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Usually one; answers of several tools in one message become one each."""
    inner = entry.get("message")
    if "role" not in entry and isinstance(inner, dict):
        entry = inner
    role, parts = entry["role"], entry.get("parts")
    if not isinstance(parts, list):
        parts = entry.get("content")
    if not isinstance(parts, list):
        yield _message(role, open_content(parts), entry)
        return
    results = [part for part in parts if _type_of(part) in RESULTS]
    rest = [part for part in parts if _type_of(part) not in RESULTS]
    if rest or not results:
        yield _message(role, content_of(rest), entry, [p for p in rest if _type_of(p) in CALLS])
    yield from (read_result(part) for part in results)


def _type_of(part: Json) -> str:
    return str(part.get("type", "text")) if isinstance(part, dict) else "text"


def _message(
    role: Json, content: Json, entry: Mapping[str, Any], calls: list[Any] | None = None
) -> dict[str, Any]:
    message: dict[str, Any] = {"role": role}
    made = [read_call(call) for call in calls or list_in(entry.get("tool_calls"))]
    if content is not None or not made:
        message["content"] = content
    if made:
        message["tool_calls"] = made
    for name in KEPT:
        if entry.get(name) not in (None, ""):
            message[name] = entry[name]
    return message


def open_content(content: Json) -> Json:
    """A content is text even where the text is JSON: it is what the model read."""
    return content if isinstance(content, str) or content is None else open_json(content)


def content_of(parts: list[Any]) -> Json:
    """One text part is its text; several parts stay parts."""
    kept = [_part(part) for part in parts if _type_of(part) not in CALLS]
    if not kept:
        return None
    if len(kept) == 1 and set(kept[0]) == {"type", "text"} and kept[0]["type"] == "text":
        text: Json = kept[0]["text"]
        return text
    return kept


def _part(part: Json) -> dict[str, Any]:
    if not isinstance(part, dict):
        return {"type": "text", "text": part}
    kind = part.get("type", "text")
    if kind in ("text", "input_text", "output_text"):
        text = part.get("text", part.get("content"))
        return {"type": "text", "text": text}
    if kind == "reasoning" and "content" in part:
        return {"type": kind, "text": part["content"]}
    return part
