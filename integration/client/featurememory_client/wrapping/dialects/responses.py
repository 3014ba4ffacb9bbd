"""OpenAI's responses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from featurememory_client.recording.usage import get_field
from featurememory_client.wrapping.dialects.dialect import (
    Answered,
    Asked,
    is_given,
    join_texts,
    read_message_input,
)

INPUT = ("tools", "text", "previous_response_id", "conversation", "prompt")
ENDS = ("response.completed", "response.incomplete", "response.failed")


class Responses:
    path = "/responses"
    can_prepare = True

    def read_request(self, body: Mapping[str, Any]) -> Asked:
        found = read_message_input(body, read_messages(body), *INPUT)
        return Asked(body, found, frozenset({"input", "instructions", *INPUT}))

    def read_answer(self, answer: Any) -> Answered:
        output = read_output(get_field(answer, "output"))
        found = Answered(output, get_field(answer, "usage"), get_field(answer, "model"))
        if get_field(answer, "status") == "incomplete":
            found.tags["finish_reason"] = get_field(answer, "incomplete_details", "reason")
        if get_field(answer, "status") == "failed":
            found.failure = str(get_field(answer, "error", "message") or "the response failed")
        return found

    def make_reader(self) -> ResponsesReader:
        return ResponsesReader(self)

    def write_answer(self, output: Any, model: str) -> dict[str, Any] | None:
        items = [write_message(output)] if isinstance(output, str) else output
        if not isinstance(items, list) or not all(is_item(item) for item in items):
            return None
        return {
            "id": "resp_feature_memory",
            "object": "response",
            "created_at": int(time.time()),
            "model": model,
            "status": "completed",
            "output": items,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }

    def write_events(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        begun = {**answer, "status": "in_progress", "output": []}
        events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
        for index, item in enumerate(answer["output"]):
            events += write_item_events(item, index)
        events.append({"type": "response.completed", "response": answer})
        return [{**event, "sequence_number": n} for n, event in enumerate(events)]


def read_messages(body: Mapping[str, Any]) -> Any:
    """Instructions and input as the messages they stand for, as chat completions write them."""
    instructions, given = body.get("instructions"), body.get("input")
    first = [{"role": "system", "content": instructions}] if is_given(instructions) else []
    if isinstance(given, str):
        return [*first, {"role": "user", "content": given}]
    return [*first, *given] if isinstance(given, list) else first


def read_output(items: Any) -> Any:
    """The text where there is nothing else but reasoning; else all items."""
    if not isinstance(items, list):
        return None
    said = [item for item in items if get_field(item, "type") != "reasoning"]
    if said and all(get_field(item, "type") == "message" for item in said):
        texts = [join_texts(get_field(item, "content"), ("output_text",)) for item in said]
        if None not in texts:
            return "".join(text for text in texts if text)
    return items


def is_item(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("type"), str)


def write_message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    head = {"type": "message", "id": "msg_feature_memory", "status": "completed"}
    return {**head, "role": "assistant", "content": [part]}


def write_item_events(item: dict[str, Any], index: int) -> list[dict[str, Any]]:
    """An item begins empty, grows by its parts, and is done: readers put it together so."""
    place = {"output_index": index, "item_id": item.get("id", "")}
    empty = {**item, "status": "in_progress"}
    inner: list[dict[str, Any]] = []
    if item["type"] == "message":
        empty["content"] = []
        for number, part in enumerate(item.get("content") or []):
            inner += write_part_events(part, {**place, "content_index": number})
    elif item["type"] == "function_call":
        empty["arguments"] = ""
        said = item.get("arguments", "")
        inner = [
            {"type": "response.function_call_arguments.delta", **place, "delta": said},
            {"type": "response.function_call_arguments.done", **place, "arguments": said},
        ]
    added = {"type": "response.output_item.added", "output_index": index, "item": empty}
    done = {"type": "response.output_item.done", "output_index": index, "item": item}
    return [added, *inner, done]


def write_part_events(part: dict[str, Any], place: dict[str, Any]) -> list[dict[str, Any]]:
    if part.get("type") != "output_text":
        parts = ("response.content_part.added", "response.content_part.done")
        return [{"type": kind, **place, "part": part} for kind in parts]
    text = {"logprobs": [], **place}
    return [
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        {"type": "response.output_text.delta", **text, "delta": part["text"]},
        {"type": "response.output_text.done", **text, "text": part["text"]},
        {"type": "response.content_part.done", **place, "part": part},
    ]


class ResponsesReader:
    """The last event holds it all; the texts until then, when it does not come."""

    def __init__(self, dialect: Responses) -> None:
        self._dialect = dialect
        self._found: Answered | None = None
        self._texts: list[str] = []
        self._failure: str | None = None

    def read_event(self, event: Any) -> None:
        kind = get_field(event, "type")
        if kind in ENDS:
            self._found = self._dialect.read_answer(get_field(event, "response"))
        elif kind == "response.output_text.delta":
            self._texts.append(str(get_field(event, "delta")))
        elif kind == "error":
            self._failure = str(get_field(event, "message"))

    def finish(self) -> Answered:
        found = self._found or Answered("".join(self._texts) or None)
        found.failure = found.failure or self._failure
        return found
