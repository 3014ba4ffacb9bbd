"""Messages as events of the span, as details in one event, as text in an attribute."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.dialects.sent import CHAT, told

PLAIN = {name: value for name, value in CHAT.items() if "messages" not in name}
SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Where is my order 1001?"}
Events = list[tuple[str, dict[str, Any]]]

TOLD: dict[str, Events] = {
    "an event a message": [
        ("gen_ai.system.message", {"gen_ai.system": "openai", "content": "Be brief."}),
        ("gen_ai.user.message", {"gen_ai.system": "openai", "content": USER["content"]}),
        (
            "gen_ai.choice",
            {
                "index": 0,
                "finish_reason": "stop",
                "message": json.dumps({"role": "assistant", "content": "It ships tomorrow."}),
            },
        ),
    ],
    "bodies of log records": [
        ("gen_ai.system.message", {"gen_ai.event.content": json.dumps({"content": "Be brief."})}),
        ("gen_ai.user.message", {"gen_ai.event.content": json.dumps(USER)}),
        (
            "gen_ai.choice",
            {"event_body": {"index": 0, "message": {"content": "It ships tomorrow."}}},
        ),
    ],
    "text as the message": [
        ("gen_ai.system.message", {"content": "Be brief."}),
        ("gen_ai.user.message", {"content": USER["content"]}),
        ("gen_ai.choice", {"message": "It ships tomorrow.", "index": 0}),
    ],
    "the whole prompt": [
        ("gen_ai.content.prompt", {"gen_ai.prompt": json.dumps([SYSTEM, USER])}),
        (
            "gen_ai.content.completion",
            {
                "gen_ai.completion": json.dumps(
                    [{"role": "assistant", "content": "It ships tomorrow."}]
                )
            },
        ),
    ],
    "the operation's details": [
        (
            "gen_ai.client.inference.operation.details",
            {
                "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
                "gen_ai.input.messages": CHAT["gen_ai.input.messages"],
                "gen_ai.output.messages": CHAT["gen_ai.output.messages"],
            },
        ),
    ],
}


@pytest.mark.parametrize("how", TOLD)
def test_every_way_to_tell_the_messages_is_read(how: str) -> None:
    interaction = told(PLAIN, events=TOLD[how])

    assert interaction["input"] == [SYSTEM, USER]
    assert interaction["output"] == "It ships tomorrow."


def test_events_written_out_in_an_attribute_are_read() -> None:
    events = [
        {"event.name": "gen_ai.system.message", "content": "Be brief.", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.user.message", "role": "user", "content": USER["content"]},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"content": "It ships tomorrow."}},
    ]
    interaction = told({**PLAIN, "events": json.dumps(events)})

    assert (interaction["input"], interaction["output"]) == ([SYSTEM, USER], "It ships tomorrow.")


def test_tools_in_events_are_read() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    events: Events = [
        ("gen_ai.user.message", {"content": "Where?"}),
        ("gen_ai.assistant.message", {"tool_calls": json.dumps([call])}),
        ("gen_ai.tool.message", {"id": "call_1", "content": "here"}),
        ("gen_ai.choice", {"message": json.dumps({"tool_calls": [call]})}),
    ]
    interaction = told(PLAIN, events=events)

    assert [message["role"] for message in interaction["input"]] == ["user", "assistant", "tool"]
    assert interaction["input"][2] == {"role": "tool", "content": "here", "tool_call_id": "call_1"}
    assert interaction["output"]["tool_calls"][0]["function"]["name"] == "find"


def test_attributes_are_asked_before_events() -> None:
    assert told(CHAT, events=TOLD["text as the message"])["input"] == [USER]


@pytest.mark.parametrize(
    "events",
    [
        [("gen_ai.choice", {})],
        [("gen_ai.user.message", {"gen_ai.event.content": "{broken"})],
        [("gen_ai.content.prompt", {})],
        [("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": 5})],
        [("", {}), ("gen_ai..message", {"content": "x"})],
    ],
)
def test_odd_events_cost_nothing_else(events: Events) -> None:
    assert told(PLAIN, events=events)["usage"] == {"input_tokens": 40, "output_tokens": 8}
