"""Chat messages in one shape, whatever wrote them: `{"role", "content", "tool_calls"?, …}`.

The same conversation must look the same through every way in, or it would be two patterns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration.dialects.json_values import Json, list_in, open_json

KEPT = ("name", "tool_call_id", "refusal", "function_call", "reasoning_content")


def read_messages(value: Json) -> list[dict[str, Any]] | None:
    """The messages in a value, also when it came as text; None when there are none."""
    found = open_json(value)
    if isinstance(found, dict) and "role" in found:
        found = [found]
    if not isinstance(found, list) or not found:
        return None
    if not all(isinstance(entry, dict) and _is_message(entry) for entry in found):
        return None
    return [message for entry in found for message in _messages_of(entry)]


def with_system(system: Json, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """System instructions as the first message, unless the messages have some already."""
    if system is None or any(message.get("role") == "system" for message in messages):
        return messages
    parts = list_in(system)
    content = _content(parts) if parts else open_json(system)
    return [{"role": "system", "content": content}, *messages]


def answer_of(messages: list[dict[str, Any]]) -> Json:
    """What a model answered: the text alone where there is nothing else, else the message(s).

    Its reasoning is no part of the answer: equal answers are reasoned differently each time.
    """
    answers = [found for message in messages if (found := _without_reasoning(message))]
    if len(answers) != 1:
        return answers or None
    message = answers[0]
    if set(message) <= {"role", "content"} and isinstance(message.get("content"), str):
        text: str = message["content"]
        return text
    return message


def read_answer(value: Json) -> Json:
    """An answer in any of the shapes providers send: text, message(s), `choices`, `content`."""
    found = open_json(value)
    if isinstance(found, dict):
        choices = found.get("choices")
        if isinstance(choices, list) and choices:
            found = [_choice(choice) for choice in choices]
        elif "role" not in found and isinstance(found.get("message"), dict):
            found = found["message"]
        elif isinstance(found.get("output"), list):
            found = found["output"]
    if isinstance(found, list):
        found = [_item(part) for part in found if not _is_reasoning(part)] or found
    messages = read_messages(found)
    return found if messages is None else answer_of(messages)


def with_tools(messages: Json, tools: Json) -> Json:
    """An input as it was asked: the messages, and the tools on offer where there are any."""
    found = [_tool(tool) for tool in list_in(tools)]
    if not found or not isinstance(messages, list):
        return messages
    return {"messages": messages, "tools": found}


def _tool(tool: Json) -> Json:
    """Some list a function's members beside its type, OpenAI below `function`."""
    tool = open_json(tool)
    if not isinstance(tool, dict) or "function" in tool or "name" not in tool:
        return tool
    members = {name: value for name, value in tool.items() if name != "type"}
    return {"type": "function", "function": members}


def _is_message(entry: Mapping[str, Any]) -> bool:
    inner = entry.get("message")
    return "role" in entry or (isinstance(inner, dict) and "role" in inner)


def _choice(choice: Json) -> Json:
    if not isinstance(choice, dict):
        return choice
    message = choice.get("message")
    if isinstance(message, dict):
        return {"role": "assistant", **message}
    return {"role": "assistant", "content": choice.get("text")}


def _is_reasoning(part: Json) -> bool:
    return isinstance(part, dict) and part.get("type") in ("reasoning", "thinking")


def _item(part: Json) -> Json:
    """OpenAI's responses list a function's call beside the message; elsewhere it is inside one."""
    if isinstance(part, dict) and part.get("type") == "function_call":
        call = {**part, "id": part.get("call_id", part.get("id"))}
        return {"role": "assistant", "tool_calls": [call]}
    return part


def _without_reasoning(message: dict[str, Any]) -> dict[str, Any] | None:
    """The message without its reasoning; None when it was nothing else."""
    parts = message.get("content")
    kept = {name: value for name, value in message.items() if name != "reasoning_content"}
    if not isinstance(parts, list):
        return kept
    rest = [part for part in parts if not _is_reasoning(part)]
    if not rest and parts and "tool_calls" not in message:
        return None
    return {**kept, "content": _content(rest)}


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
        yield _message(role, _content(rest), entry, [p for p in rest if _type_of(p) in CALLS])
    yield from (_tool_result(part) for part in results)


CALLS = ("tool_call", "tool_use", "function_call")
RESULTS = ("tool_call_response", "tool_result", "tool_call_result")


def _type_of(part: Json) -> str:
    return str(part.get("type", "text")) if isinstance(part, dict) else "text"


def _message(
    role: Json, content: Json, entry: Mapping[str, Any], calls: list[Any] | None = None
) -> dict[str, Any]:
    message: dict[str, Any] = {"role": role}
    made = [_tool_call(call) for call in calls or list_in(entry.get("tool_calls"))]
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


def _content(parts: list[Any]) -> Json:
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


def _tool_call(call: Json) -> Json:
    """`{"id", "type": "function", "function": {"name", "arguments"}}`, as OpenAI writes it; but
    the arguments are values where they came as text."""
    if not isinstance(call, dict):
        return call
    found = call["function"] if isinstance(call.get("function"), dict) else call
    given = next((found[key] for key in ("arguments", "input", "args") if key in found), None)
    function = {"name": found.get("name"), "arguments": open_json(given)}
    made = {"type": "function", "function": function}
    return {"id": call["id"], **made} if call.get("id") else made


def _tool_result(part: Mapping[str, Any]) -> dict[str, Any]:
    names = ("response", "result", "content")
    content = next((part[name] for name in names if name in part), None)
    message = {"role": "tool", "content": content}
    made_for = part.get("id", part.get("tool_use_id"))
    return {**message, "tool_call_id": made_for} if made_for else message
