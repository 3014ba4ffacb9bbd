"""Assign an interaction to a partition by its structure: task type, JSON shape, roles, tools.

Keys and roles are explicit; what varies below them is a slot. Only texts are left to be grouped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from patterns.engine.domain.digests import replace_surrogates
from patterns.engine.domain.observation import Json, Observation
from patterns.engine.text.dialects import read_request
from patterns.engine.text.dialects.request import ModelRequest
from patterns.engine.text.json_text import open_json, write_json
from patterns.engine.text.payloads.folding import fold_payloads
from patterns.engine.text.tokens import BETWEEN, add_header, normalize_text

DEEPEST = 6
NOTHING = "(empty input)"
SEPARATOR = "\x1f"
COUNTED = 8  # names that differ only in a number ("item1", "item2", …) from which it is a counter
WIDEST = 200
LONGEST_NAME = 80  # characters of a key looked at: the expression for names is quadratic
CALL_NAMES = ("name", "function", "tool", "tool_name", "method", "action")
CALL_VALUES = ("arguments", "args", "parameters", "params", "input", "tool_input", "kwargs")

_DIGITS = re.compile(r"\d+")
_NUMBERED_NAME = re.compile(r"(?:[^\W\d]|-)+\d{1,2}(?:[A-Z_-](?:[^\W\d]|-)*)?")


class InputView(msgspec.Struct, frozen=True):
    """What grouping sees of an input. Partitions are never mixed; `leaves` maps slot paths to values.

    `kind` is one of text, chat, json, call, vector, value. `text` is what is still to be grouped: a
    prompt, the keys of an object, the name of a function.
    """

    partition: str
    kind: str
    text: str
    leaves: dict[str, Json]


def view_input(observation: Observation) -> InputView:
    """The partition of an observation, the text to group, and its leaves; lone surrogates replaced."""
    view = _view_raw(observation)
    leaves = {replace_surrogates(path): value for path, value in view.leaves.items()}
    return InputView(
        replace_surrogates(view.partition), view.kind, replace_surrogates(view.text), leaves
    )


def _view_raw(observation: Observation) -> InputView:
    task = observation.task_type
    value = open_json(observation.input)
    request = read_request(value)
    if request is not None:
        return _view_request(task, request)
    if isinstance(value, str):
        return InputView(f"{task}|text", "text", fold_payloads(value.strip()) or NOTHING, {})
    if isinstance(value, dict):
        return _view_object(task, value)
    if isinstance(value, list):
        return InputView(f"{task}|list", "vector", _name_type(value), {"input": value})
    return InputView(f"{task}|value", "value", _name_type(value), {"input": value})


def _view_request(task: str, request: ModelRequest) -> InputView:
    """System prompt and question are the text; tools, earlier turns and media never split a task."""
    question = request.question
    kind = "chat" if request.system else "text"
    asked = fold_payloads(question.text.strip()) or NOTHING
    text = BETWEEN.join([fold_payloads(request.system), asked]) if request.system else asked
    media: dict[str, Json] = {"media": " ".join(question.media)} if question.media else {}
    return InputView(f"{task}|{kind}", kind, add_header(text, request.tools), media)


def find_messages(value: Json) -> list[dict[str, Any]] | None:
    """The chat messages of an input: a list of them, or an object that holds such a list."""
    found = value.get("messages") if isinstance(value, dict) else value
    if not isinstance(found, list) or not found:
        return None
    if all(isinstance(item, dict) and "role" in item for item in found):
        return found
    return None


def read_content(message: Mapping[str, Any]) -> str:
    """The text of a chat message, its parts joined by newlines."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n".join(part for part in parts if isinstance(part, str))
    return "" if content is None else write_json(content)


def _view_object(task: str, value: dict[str, Any]) -> InputView:
    call = find_call(value)
    if call is not None:
        name, arguments = call
        return InputView(f"{task}|call", "call", name, dict(list_leaves(arguments)))
    leaves = {normalize_text(path): leaf for path, leaf in list_leaves(value)}
    return InputView(f"{task}|json", "json", SEPARATOR.join(sorted(leaves)), leaves)


def find_call(value: Mapping[str, Any], depth: int = 0) -> tuple[str, Json] | None:
    """(function, arguments) when the object is a function call in one of the usual spellings."""
    for outer in ("function", "function_call", "tool_call", "call"):
        inner = value.get(outer)
        if isinstance(inner, dict) and depth < DEEPEST:
            return find_call(inner, depth + 1)
    for key in CALL_VALUES:
        arguments = open_json(value.get(key)) if key in value else None
        name = next((value[k] for k in CALL_NAMES if isinstance(value.get(k), str)), None)
        if name is not None and isinstance(arguments, dict):
            return name, arguments
    return None


def list_leaves(value: Json, path: str = "", depth: int = 0) -> Iterator[tuple[str, Json]]:
    """(path, value) of everything that is not an object; maps of invented keys are one leaf."""
    if isinstance(value, dict) and value and depth < DEEPEST and not _is_map(value):
        for key in sorted(value, key=str)[:WIDEST]:
            yield from list_leaves(value[key], f"{path}.{key}" if path else str(key), depth + 1)
    else:
        yield path or "input", value


def _is_map(value: Mapping[str, Any]) -> bool:
    """Keys made up at run time (ids, counters) name no part of a shape."""
    if len(value) > WIDEST:
        return True
    numbered = [key for key in map(str, value) if _DIGITS.search(key)]
    named = [
        _DIGITS.sub("#", key) for key in numbered if _NUMBERED_NAME.fullmatch(key[:LONGEST_NAME])
    ]
    if len(named) - len(set(named)) >= COUNTED:
        named = []
    return (len(numbered) - len(named)) * 2 > len(value)


def _name_type(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "map"
    if all(isinstance(item, int | float) for item in value):
        return f"vector of {len(value)}"
    return "list"
