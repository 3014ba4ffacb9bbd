"""Anthropic's messages."""

from __future__ import annotations

import json
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

UNUSUAL = ("max_tokens", "refusal", "model_context_window_exceeded", "pause_turn")
THOUGHTS = ("thinking", "redacted_thinking")


class Messages:
    path = "/v1/messages"
    can_prepare = True

    def read_request(self, body: Mapping[str, Any]) -> Asked:
        system, messages = body.get("system"), body.get("messages")
        first = [{"role": "system", "content": system}] if is_given(system) else []
        said = [*first, *messages] if isinstance(messages, list) else messages
        found = read_message_input(body, said, "tools")
        return Asked(body, found, frozenset({"messages", "system", "tools"}))

    def read_answer(self, answer: Any) -> Answered:
        output = read_blocks(get_field(answer, "content"))
        found = Answered(output, get_field(answer, "usage"), get_field(answer, "model"))
        note_end(found, get_field(answer, "stop_reason"))
        return found

    def make_reader(self) -> MessagesReader:
        return MessagesReader()

    def write_answer(self, output: Any, model: str) -> dict[str, Any] | None:
        blocks = [{"type": "text", "text": output}] if isinstance(output, str) else output
        if not isinstance(blocks, list) or not all(get_field(b, "type") for b in blocks):
            return None
        calls = any(get_field(block, "type") == "tool_use" for block in blocks)
        return {
            "id": "msg_feature_memory",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": blocks,
            "stop_reason": "tool_use" if calls else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }

    def write_events(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        begun = {**answer, "content": [], "stop_reason": None}
        events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}]
        for index, block in enumerate(answer["content"]):
            events += write_block_events(block, index)
        end = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
        events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": 0}})
        return [*events, {"type": "message_stop"}]


def read_blocks(blocks: Any) -> Any:
    """The text where there is nothing else but thoughts; else all blocks."""
    if not isinstance(blocks, list):
        return None
    text = join_texts([b for b in blocks if get_field(b, "type") not in THOUGHTS], ("text",))
    return blocks if text is None else text


def note_end(found: Answered, reason: Any) -> None:
    if reason in UNUSUAL:
        found.tags["finish_reason"] = reason


def write_block_events(block: dict[str, Any], index: int) -> list[dict[str, Any]]:
    start, delta = dict(block), None
    if block["type"] == "text":
        start["text"] = ""
        delta = {"type": "text_delta", "text": block["text"]}
    elif block["type"] == "tool_use":
        start["input"] = {}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *([{"type": "content_block_delta", "index": index, "delta": delta}] if delta else []),
        {"type": "content_block_stop", "index": index},
    ]


class MessagesReader:
    def __init__(self) -> None:
        self._blocks: dict[int, dict[str, Any]] = {}
        self._usage: dict[str, Any] = {}
        self._found = Answered()

    def read_event(self, event: Any) -> None:
        kind, index = get_field(event, "type"), get_field(event, "index")
        if kind == "message_start":
            self._found.model_id = get_field(event, "message", "model")
            self._read_usage(get_field(event, "message", "usage"))
        elif kind == "content_block_start":
            self._blocks[index] = {"block": get_field(event, "content_block"), "texts": []}
        elif kind == "content_block_delta" and index in self._blocks:
            self._read_delta(self._blocks[index], get_field(event, "delta"))
        elif kind == "message_delta":
            note_end(self._found, get_field(event, "delta", "stop_reason"))
            self._read_usage(get_field(event, "usage"))

    def _read_usage(self, usage: Any) -> None:
        """The last word counts: the first event says one output token."""
        for name in (
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        ):
            value = get_field(usage, name)
            if value is not None:
                self._usage[name] = value

    def _read_delta(self, block: dict[str, Any], delta: Any) -> None:
        for name in ("text", "partial_json", "thinking"):
            text = get_field(delta, name)
            if isinstance(text, str):
                block["texts"].append(text)

    def finish(self) -> Answered:
        self._found.output = (
            read_blocks([join_block(b) for _, b in sorted(self._blocks.items())]) or None
        )
        self._found.usage = self._usage or None
        return self._found


def join_block(found: dict[str, Any]) -> dict[str, Any]:
    block, text = found["block"], "".join(found["texts"])
    kind = get_field(block, "type")
    if kind == "tool_use":
        named = {name: get_field(block, name) for name in ("id", "name")}
        return {"type": kind, **named, "input": read_json(text)}
    return {"type": kind, "thinking" if kind == "thinking" else "text": text}


def read_json(text: str) -> Any:
    """Arguments of a tool; as a text where the stream broke off within them."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text
