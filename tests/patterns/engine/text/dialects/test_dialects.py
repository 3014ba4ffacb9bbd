"""One task is one text, whatever SDK sent it."""

from __future__ import annotations

from typing import Any

import pytest

from patterns.engine.text.dialects import read_request
from patterns.engine.text.input_view import view_input
from patterns.engine.text.tokens import drop_header, list_tools, token_keys
from tests.patterns.engine.streams import observation

ASKED = "Summarise the ticket:\n\nThe lamp is broken."
SYSTEM = "You are the help desk of a lamp shop."
PLAIN: dict[str, Any] = {
    "chat": [{"role": "user", "content": ASKED}],
    "body": {"model": "m", "messages": [{"role": "user", "content": ASKED}], "max_tokens": 9},
    "parts": [{"role": "user", "content": [{"type": "text", "text": ASKED}]}],
    "responses": {"model": "m", "input": ASKED},
    "response items": {
        "model": "m",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": ASKED}]}],
    },
    "gemini": {
        "contents": [{"role": "user", "parts": [{"text": ASKED}]}],
        "generationConfig": {"temperature": 0.1},
    },
    "gemini turns": [{"role": "user", "parts": [{"text": ASKED}]}],
    "bedrock": {
        "messages": [{"role": "user", "content": [{"text": ASKED}]}],
        "inferenceConfig": {"maxTokens": 5},
    },
    "completion": {"prompt": ASKED, "max_tokens": 100, "stop": ["\n"]},
    "langchain": [{"type": "human", "content": ASKED}],
}
WITH_SYSTEM: dict[str, Any] = {
    "chat": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Hi"}],
    "anthropic": {"system": SYSTEM, "messages": [{"role": "user", "content": "Hi"}]},
    "anthropic blocks": {
        "system": [{"type": "text", "text": SYSTEM}],
        "messages": [{"role": "user", "content": "Hi"}],
    },
    "responses": {"model": "m", "instructions": SYSTEM, "input": "Hi"},
    "gemini": {
        "systemInstruction": {"parts": [{"text": SYSTEM}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    },
    "bedrock": {
        "system": [{"text": SYSTEM}],
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
    },
}


def seen(value: Any) -> tuple[str, str]:
    view = view_input(observation(value))
    return view.partition, drop_header(view.text)


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN)
def test_a_question_reads_the_same_from_every_sdk(value: Any) -> None:
    assert seen(value) == seen(ASKED)


@pytest.mark.parametrize("value", WITH_SYSTEM.values(), ids=WITH_SYSTEM)
def test_a_system_prompt_reads_the_same_from_every_sdk(value: Any) -> None:
    assert seen(value) == seen(WITH_SYSTEM["chat"])
    assert SYSTEM in seen(value)[1]


@pytest.mark.parametrize(
    "value",
    [
        {"prompt": "a lamp", "steps": 30, "width": 512, "seed": 7},
        {"input": ["a", "b"], "encoding_format": "float"},
        {"messages": "none"},
        {"messages": [{"role": "user"}, 7]},
        [{"role": "admin", "name": "Ana"}],
        {"contents": 3},
        {},
        [],
    ],
    ids=repr,
)
def test_what_is_no_request_stays_json(value: Any) -> None:
    assert read_request(value) is None


def test_tool_results_and_earlier_turns_are_context() -> None:
    turns = [
        {"role": "user", "content": "Where is order 7?"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "find"}}]},
        {"role": "tool", "content": '{"sky": "rain"}'},
        {"role": "user", "content": [{"type": "tool_result", "content": "clear"}]},
    ]
    view = view_input(observation(turns))

    assert drop_header(view.text) == "Where is order 7?"
    assert list_tools(view.text) == {"find"}


def test_media_are_placeholders_with_type_size_and_digest() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 3000}}
    view = view_input(
        observation([{"role": "user", "content": [{"type": "text", "text": "See?"}, part]}])
    )

    assert drop_header(view.text) == "See?"
    assert str(view.leaves["media"]).startswith("<image 3 kB ")


def test_neither_settings_of_a_call_nor_other_keys_beside_its_messages_move_it() -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}]}

    assert seen({**body, "temperature": 1})[0] == seen(body)[0]
    assert seen({**body, "customer": "c-1"})[0] == seen(body)[0]


def test_an_instruction_beside_its_data_decides_like_a_system_prompt() -> None:
    first = {"instruction": "Translate the strings.", "to": "fi", "strings": {"a.1f": "Hello"}}
    second = {**first, "instruction": "Translate the strings. Never exceed their length."}

    views = [view_input(observation(body)) for body in (first, second)]

    assert drop_header(views[0].text).startswith("Translate the strings.")
    assert "<json>" in token_keys(views[0].text)
    assert views[0].partition == views[1].partition
    assert views[0].text != views[1].text


def test_an_instruction_and_one_text_are_a_system_prompt_and_a_question() -> None:
    request = read_request({"instruction": "Name the main colour.", "input": "A red barn."})

    assert request is not None
    assert (request.system, request.question.text) == ("Name the main colour.", "A red barn.")


@pytest.mark.parametrize(
    "value",
    [
        {"task": "ticket_urgency", "text": "The lamp is broken."},
        {"instruction": "Translate the strings."},
        {"instruction": 7, "text": "a"},
        {"task": ["Translate the strings."], "text": "a"},
    ],
)
def test_the_name_of_a_task_is_a_value_and_no_instruction(value: Any) -> None:
    assert read_request(value) is None


def test_an_instruction_without_blanks_counts_by_its_characters() -> None:
    assert read_request({"instruction": "总结以下的文本", "text": "灯坏了"}) is not None
