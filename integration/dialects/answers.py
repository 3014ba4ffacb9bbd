"""What a model answered, in one shape whatever wrote it down."""

from __future__ import annotations

from typing import Any

from integration.dialects.json_values import Json, open_json
from integration.dialects.messages import content_of, read_messages

REASONING = ("reasoning", "thinking", "redacted_thinking")


def read_answer(value: Json) -> Json:
    """An answer in any of the shapes providers send: text, message(s), `choices`, `content`."""
    found = open_json(value)
    if isinstance(found, dict):
        choices = found.get("choices")
        if isinstance(choices, list) and choices:
            found = [_choice(choice) for choice in choices]
        elif "role" not in found and isinstance(found.get("message"), dict):
            found = found["message"]
        elif isinstance(found.get("output"), list):
            found = found["output"]
        elif vectors := _vectors(found.get("data")):
            return {"embeddings": vectors}
    if isinstance(found, list):
        found = [part for part in found if not _is_reasoning(part)] or found
    messages = read_messages(found)
    return found if messages is None else answer_of(messages)


def answer_of(messages: list[dict[str, Any]]) -> Json:
    """The text alone where there is nothing else, else the message(s).

    Reasoning is no part of the answer: equal answers are reasoned differently each time.
    """
    answers = [found for message in messages if (found := _without_reasoning(message))]
    if len(answers) != 1:
        return answers or None
    message = answers[0]
    if set(message) <= {"role", "content"} and isinstance(message.get("content"), str):
        text: str = message["content"]
        return text
    return message


def _choice(choice: Json) -> Json:
    if not isinstance(choice, dict):
        return choice
    message = choice.get("message")
    if isinstance(message, dict):
        return {"role": "assistant", **message}
    return {"role": "assistant", "content": choice.get("text")}


def _vectors(data: Json) -> int:
    """How many embeddings there are: the vectors themselves would not fit, and teach nothing."""
    found = data if isinstance(data, list) else []
    return sum(isinstance(part, dict) and "embedding" in part for part in found)


def _is_reasoning(part: Json) -> bool:
    return isinstance(part, dict) and part.get("type") in REASONING


def _without_reasoning(message: dict[str, Any]) -> dict[str, Any] | None:
    """The message without its reasoning; None when it was nothing else."""
    parts = message.get("content")
    kept = {name: value for name, value in message.items() if name != "reasoning_content"}
    if not isinstance(parts, list):
        return kept
    rest = [part for part in parts if not _is_reasoning(part)]
    if not rest and parts and "tool_calls" not in message:
        return None
    return {**kept, "content": content_of(rest)}
