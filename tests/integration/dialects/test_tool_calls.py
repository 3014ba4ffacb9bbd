"""Tools, their calls and results in one spelling."""

from __future__ import annotations

from typing import Any

import pytest

from integration.dialects.messages import read_messages
from integration.dialects.tool_calls import message_of_item, read_call, read_result, read_tool

FUNCTION = {"name": "find", "arguments": {"order": 7}}


@pytest.mark.parametrize(
    "call",
    [
        {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"order": 7}'}},
        {"id": "c", "type": "tool_call", "name": "find", "arguments": {"order": 7}},
        {"id": "c", "type": "tool_use", "name": "find", "input": {"order": 7}},
        {"id": "c", "name": "find", "args": '{"order": 7}'},
    ],
)
def test_calls_are_spelled_alike(call: dict[str, Any]) -> None:
    assert read_call(call) == {"id": "c", "type": "function", "function": FUNCTION}


@pytest.mark.parametrize("call", [None, "find", 5, []])
def test_what_is_no_call_stays(call: Any) -> None:
    assert read_call(call) == call


def test_results_name_the_call_they_are_for() -> None:
    told = {"role": "tool", "content": "here", "tool_call_id": "c"}

    assert read_result({"id": "c", "response": "here"}) == told
    assert read_result({"tool_use_id": "c", "content": "here"}) == told
    assert read_result({}) == {"role": "tool", "content": None}


def test_tools_on_offer_are_spelled_alike() -> None:
    whole = {"type": "function", "function": {"name": "find", "parameters": {}}}

    assert read_tool({"type": "function", "name": "find", "parameters": {}}) == whole
    assert read_tool(whole) == whole
    assert read_tool({"type": "web_search"}) == {"type": "web_search"}


def test_items_of_openais_responses_become_messages() -> None:
    items = [
        {"role": "user", "content": "Where?"},
        {"type": "function_call", "call_id": "c", "name": "find", "arguments": '{"order": 7}'},
        {"type": "function_call_output", "call_id": "c", "output": "here"},
    ]
    found = read_messages(items)

    assert found is not None
    assert [message["role"] for message in found] == ["user", "assistant", "tool"]
    assert found[1]["tool_calls"][0]["function"] == FUNCTION
    assert message_of_item("x") == "x"
