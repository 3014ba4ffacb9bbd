"""Lists of messages with roles: OpenAI chat, Anthropic, Bedrock Converse, LangChain, Ollama.

A list by itself, or `messages` in a body, with a system prompt beside it or among the messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patterns.engine.domain.observation import Json
from patterns.engine.text.dialects.content import Content, read_content
from patterns.engine.text.dialects.request import (
    SYSTEM_ROLES,
    USER_ROLES,
    ModelRequest,
    Turn,
    request_of,
)
from patterns.engine.text.dialects.tools import tool_names

TOOL_ROLES = frozenset({"tool", "function", "ipython"})
ANSWERS = frozenset({"assistant", "ai", "model", "bot", "chatbot"})
ROLES = SYSTEM_ROLES | USER_ROLES | TOOL_ROLES | ANSWERS
CONTENTS = ("content", "parts", "text", "message", "tool_calls", "function_call")


def read_chat(value: Json) -> ModelRequest | None:
    """The request of a message list, or of a body that holds one under `messages`."""
    if isinstance(value, list):
        turns = read_turns(value)
        return request_of("", turns, frozenset()) if turns is not None else None
    if not isinstance(value, Mapping) or "messages" not in value:
        return None
    turns = read_turns(value["messages"])
    if turns is None:
        return None
    system = read_content(value.get("system", value.get("systemPrompt"))).text
    return request_of(system, turns, tool_names(value))


def read_turns(messages: Json) -> list[Turn] | None:
    """One turn a message; None unless all are messages."""
    if isinstance(messages, Mapping):
        messages = [messages]
    if isinstance(messages, list) and len(messages) == 1 and isinstance(messages[0], list):
        messages = messages[0]  # LangChain's batches of one chat
    if not isinstance(messages, list) or not messages:
        return None
    turns = [read_turn(message) for message in messages]
    return None if any(turn is None for turn in turns) else [turn for turn in turns if turn]


def read_turn(message: Json) -> Turn | None:
    if not isinstance(message, Mapping):
        return None
    if isinstance(message.get("kwargs"), Mapping) and "lc" in message:  # LangChain, serialised
        kind = message.get("id")
        name = str(kind[-1]) if isinstance(kind, list) and kind else ""
        message = {"role": name.removesuffix("Chunk").removesuffix("Message"), **message["kwargs"]}
    role = message.get("role", message.get("type", message.get("author")))
    if not isinstance(role, str) or not any(key in message for key in CONTENTS):
        return None
    role = role.lower()
    if "role" not in message and role not in ROLES:
        return None
    found = read_content(next((message[key] for key in CONTENTS[:4] if key in message), None))
    return Turn(
        role, found.text, found.media, (*found.calls, *_calls(message)), _is_result(role, found)
    )


def _is_result(role: str, found: Content) -> bool:
    return role in TOOL_ROLES or bool(found.results and not found.text)


def _calls(message: Mapping[str, Any]) -> tuple[str, ...]:
    calls = message.get("tool_calls")
    listed = calls if isinstance(calls, list) else [message.get("function_call")]
    names = []
    for call in listed:
        if isinstance(call, Mapping):
            inner = call.get("function", call)
            name = inner.get("name") if isinstance(inner, Mapping) else None
            names += [name] if isinstance(name, str) else []
    return tuple(names)
