"""The same conversation looks the same, whoever wrote it down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.dialects.messages import read_messages, with_system, with_tools

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "find_order", "arguments": {"order": "E-1"}},
}
WRITTEN: dict[str, list[dict[str, Any]]] = {
    "GenAI parts": [
        {"role": "user", "parts": [{"type": "text", "content": "Where?"}]},
        {
            "role": "assistant",
            "parts": [
                {
                    "type": "tool_call",
                    "id": "call_1",
                    "name": "find_order",
                    "arguments": {"order": "E-1"},
                }
            ],
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "call_1", "response": "here"}],
        },
    ],
    "OpenAI": [
        {"role": "user", "content": "Where?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "find_order", "arguments": '{"order": "E-1"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "here"},
    ],
    "Anthropic": [
        {"role": "user", "content": [{"type": "text", "text": "Where?"}]},
        {
            "role": "assistant",
            "content": [
                {
                    "type": "tool_use",
                    "id": "call_1",
                    "name": "find_order",
                    "input": {"order": "E-1"},
                }
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "here"}],
        },
    ],
}


@pytest.mark.parametrize("form", ["values", "text"])
@pytest.mark.parametrize("written", WRITTEN)
def test_every_spelling_reads_the_same(written: str, form: str) -> None:
    given = WRITTEN[written]

    assert read_messages(json.dumps(given) if form == "text" else given) == [
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "content": "here", "tool_call_id": "call_1"},
    ]


def test_a_text_that_is_json_stays_the_text_the_model_read() -> None:
    assert read_messages([{"role": "user", "content": '{"a": 1}'}]) == [
        {"role": "user", "content": '{"a": 1}'}
    ]


def test_several_parts_stay_parts() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    given = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]}]

    assert read_messages(given) == [
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]}
    ]


@pytest.mark.parametrize(
    "value", [None, 5, "", "hello", [], [1], [{"content": "x"}], {"a": 1}, '["x"]']
)
def test_what_holds_no_messages_has_none(value: Any) -> None:
    assert read_messages(value) is None


def test_instructions_stand_before_the_messages_once() -> None:
    system = json.dumps([{"type": "text", "content": "Be brief."}])
    asked = [{"role": "user", "content": "Hi"}]
    told = with_system(system, asked)

    assert told == [{"role": "system", "content": "Be brief."}, *asked]
    assert with_system("Be long.", told) == told


def test_tools_on_offer_stand_beside_the_messages_in_one_spelling() -> None:
    flat = {"type": "function", "name": "find_order", "parameters": {}}
    whole = {"type": "function", "function": {"name": "find_order", "parameters": {}}}
    asked = [{"role": "user", "content": "Hi"}]

    assert with_tools(asked, [flat]) == with_tools(asked, json.dumps([whole]))
    assert with_tools(asked, []) == asked
