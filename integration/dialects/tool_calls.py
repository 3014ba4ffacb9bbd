"""Tools on offer, calls of them and their results, as OpenAI writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.dialects.json_values import Json, open_json

CALLS = ("tool_call", "tool_use", "function_call")
RESULTS = ("tool_call_response", "tool_result", "tool_call_result")


def read_tool(tool: Json) -> Json:
    """Some list a function's members beside its type, OpenAI below `function`."""
    tool = open_json(tool)
    if not isinstance(tool, dict) or "function" in tool or "name" not in tool:
        return tool
    members = {name: value for name, value in tool.items() if name != "type"}
    return {"type": "function", "function": members}


def read_call(call: Json) -> Json:
    """`{"id", "type": "function", "function": {"name", "arguments"}}`; the arguments are values
    where they came as text."""
    if not isinstance(call, dict):
        return call
    found = call["function"] if isinstance(call.get("function"), dict) else call
    given = next((found[key] for key in ("arguments", "input", "args") if key in found), None)
    function = {"name": found.get("name"), "arguments": open_json(given)}
    made = {"type": "function", "function": function}
    return {"id": call["id"], **made} if call.get("id") else made


def read_result(part: Mapping[str, Any]) -> dict[str, Any]:
    """The message of a tool. Names of the result differ, and so do those of the call it is for."""
    content = next((part[name] for name in ("response", "result", "content") if name in part), None)
    message = {"role": "tool", "content": content}
    made_for = part.get("id", part.get("tool_use_id"))
    return {**message, "tool_call_id": made_for} if made_for else message


def message_of_item(item: Json) -> Json:
    """OpenAI's responses list calls and results beside the messages; elsewhere they are inside."""
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(item, dict) or "role" in item:
        return item
    if kind == "function_call":
        call = {**item, "id": item.get("call_id", item.get("id"))}
        return {"role": "assistant", "tool_calls": [call]}
    if kind == "function_call_output":
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
    return item
