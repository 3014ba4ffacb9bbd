"""OpenAI's chat completions, and what speaks like them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from featurememory_client.recording.usage import get_field
from featurememory_client.wrapping.dialects.dialect import Answered, Asked, read_message_input

INPUT = ("tools", "functions", "response_format")
FIELDS = ("content", "refusal", "tool_calls", "function_call", "audio")


class ChatCompletions:
    path = "/chat/completions"
    can_prepare = True

    def read_request(self, body: Mapping[str, Any]) -> Asked:
        found = read_message_input(body, body.get("messages"), *INPUT)
        return Asked(body, found, frozenset({"messages", *INPUT}))

    def read_answer(self, answer: Any) -> Answered:
        messages = [read_message(get_field(c, "message")) for c in get_field(answer, "choices")]
        output = messages[0] if len(messages) == 1 else messages
        found = Answered(output, get_field(answer, "usage"), get_field(answer, "model"))
        for choice in get_field(answer, "choices"):
            note_end(found, get_field(choice, "finish_reason"))
        return found

    def make_reader(self) -> ChatReader:
        return ChatReader()

    def write_answer(self, output: Any, model: str) -> dict[str, Any] | None:
        outputs = output if isinstance(output, list) else [output]
        messages = [message for message in map(write_message, outputs) if message]
        if not messages or len(messages) < len(outputs):
            return None
        choices = [
            {"index": n, "message": message, "finish_reason": end_of(message), "logprobs": None}
            for n, message in enumerate(messages)
        ]
        return {**write_head(model), "object": "chat.completion", "choices": choices}

    def write_events(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        head = {**answer, "object": "chat.completion.chunk"}
        return [{**head, "choices": [chunk]} for c in answer["choices"] for chunk in chunk_up(c)]


def read_message(message: Any) -> Any:
    """A text where it is nothing but that; else the message without what is empty."""
    found = {name: get_field(message, name) for name in FIELDS}
    found = {name: value for name, value in found.items() if value}
    if set(found) <= {"content"}:
        return found.get("content", "")
    return {"role": "assistant", **found}


def write_message(output: Any) -> dict[str, Any] | None:
    if isinstance(output, str):
        return {"role": "assistant", "content": output}
    if isinstance(output, dict) and set(output) & set(FIELDS):
        return {"role": "assistant", "content": None, **output}
    return None


def write_head(model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-feature-memory", "created": int(time.time()), "model": model}


def end_of(message: Mapping[str, Any]) -> str:
    return "tool_calls" if message.get("tool_calls") else "stop"


def chunk_up(choice: Mapping[str, Any]) -> list[dict[str, Any]]:
    delta = dict(choice["message"])
    calls = delta.get("tool_calls") or []
    if calls:
        delta["tool_calls"] = [{"index": n, **call} for n, call in enumerate(calls)]
    first = {"index": choice["index"], "delta": delta, "finish_reason": None}
    return [first, {**first, "delta": {}, "finish_reason": choice["finish_reason"]}]


def note_end(found: Answered, reason: Any) -> None:
    if isinstance(reason, str) and reason not in ("stop", "tool_calls", "function_call"):
        found.tags["finish_reason"] = reason


class ChatReader:
    """Deltas of each choice, put together."""

    def __init__(self) -> None:
        self._choices: dict[int, dict[str, Any]] = {}
        self._found = Answered()

    def read_event(self, event: Any) -> None:
        self._found.model_id = get_field(event, "model") or self._found.model_id
        self._found.usage = get_field(event, "usage") or self._found.usage
        for choice in get_field(event, "choices") or ():
            message = self._choices.setdefault(get_field(choice, "index") or 0, {})
            note_end(self._found, get_field(choice, "finish_reason"))
            delta = get_field(choice, "delta")
            for name in ("content", "refusal"):
                text = get_field(delta, name)
                if text:
                    message.setdefault(name, []).append(text)
            for call in get_field(delta, "tool_calls") or ():
                self._read_call(message.setdefault("tool_calls", {}), call)

    def _read_call(self, calls: dict[int, dict[str, Any]], call: Any) -> None:
        found = calls.setdefault(get_field(call, "index") or 0, {"arguments": []})
        for name in ("id", "type"):
            found[name] = get_field(call, name) or found.get(name)
        found["name"] = get_field(call, "function", "name") or found.get("name")
        found["arguments"].append(get_field(call, "function", "arguments") or "")

    def finish(self) -> Answered:
        messages = [read_message(join_deltas(self._choices[n])) for n in sorted(self._choices)]
        self._found.output = messages[0] if len(messages) == 1 else messages or None
        return self._found


def join_deltas(message: dict[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = {
        name: "".join(message[name]) for name in ("content", "refusal") if name in message
    }
    if "tool_calls" in message:
        joined["tool_calls"] = [
            {
                "id": call["id"],
                "type": call["type"] or "function",
                "function": {"name": call["name"], "arguments": "".join(call["arguments"])},
            }
            for _, call in sorted(message["tool_calls"].items())
        ]
    return joined
