"""An answer is what was said, whoever wrote it down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.dialects.answers import answer_of, read_answer
from tests.integration.dialects.test_messages import CALL

ANSWERS: dict[str, tuple[Any, Any]] = {
    "text": ("It ships.", "It ships."),
    "message": ({"role": "assistant", "content": "It ships."}, "It ships."),
    "chat completion": (
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": "It ships."}}]},
        "It ships.",
    ),
    "text completion": ({"choices": [{"text": "It ships."}]}, "It ships."),
    "Anthropic message": (
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "It ships."}],
        },
        "It ships.",
    ),
    "OpenAI response with its reasoning": (
        {
            "output": [
                {"type": "reasoning", "summary": []},
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "It ships.", "annotations": []}],
                },
            ]
        },
        "It ships.",
    ),
    "OpenAI response that calls a function": (
        {
            "output": [
                {
                    "type": "function_call",
                    "id": "fc_1",
                    "call_id": "call_1",
                    "name": "find_order",
                    "arguments": '{"order": "E-1"}',
                }
            ]
        },
        {"role": "assistant", "tool_calls": [CALL]},
    ),
    "two choices": (
        {"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]},
        [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}],
    ),
    "an object of the application": ('{"label": "refund"}', {"label": "refund"}),
    "embeddings": ({"data": [{"embedding": [0.1] * 9}, {"embedding": "AAAA"}]}, {"embeddings": 2}),
    "data of the application": ('{"data": [1]}', {"data": [1]}),
    "nothing": (None, None),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_is_what_was_said(kind: str) -> None:
    given, found = ANSWERS[kind]

    assert read_answer(given) == found
    assert read_answer(json.dumps(given) if isinstance(given, dict) else given) == found


def test_reasoning_alone_is_no_answer() -> None:
    thought = {"role": "assistant", "content": [{"type": "reasoning", "text": "Hm."}]}

    assert answer_of([thought, {"role": "assistant", "content": "Yes."}]) == "Yes."
    assert answer_of([thought]) is None
