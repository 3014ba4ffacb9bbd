"""OpenAI Responses: `input` as a string or items, `instructions` as the system prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patterns.engine.domain.observation import Json
from patterns.engine.text.dialects.chat import read_turn
from patterns.engine.text.dialects.content import read_content
from patterns.engine.text.dialects.request import ModelRequest, Turn, request_of, unexplained
from patterns.engine.text.dialects.tools import tool_names

BODY_KEYS = frozenset({"input", "instructions"})
RESULTS = frozenset({"function_call_output", "computer_call_output", "mcp_call_output"})


def read_responses(value: Json) -> ModelRequest | None:
    """None for bodies that only look alike: embeddings bring `input` without being asked."""
    if not isinstance(value, Mapping) or "input" not in value:
        return None
    extra = unexplained(list(value), BODY_KEYS)
    if extra or not ({"model", "instructions"} & value.keys()) or "encoding_format" in value:
        return None
    turns = _turns(value["input"])
    if turns is None:
        return None
    system = read_content(value.get("instructions")).text
    return request_of(system, turns, tool_names(value))


def _turns(items: Json) -> list[Turn] | None:
    if isinstance(items, str):
        return [Turn("user", items)]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    found = [_turn(item) for item in items]
    return found if any(turn.text for turn in found) else None


def _turn(item: dict[str, Any]) -> Turn:
    kind = item.get("type")
    if kind in RESULTS:
        return Turn("tool", "", is_result=True)
    if kind == "function_call":
        name = item.get("name")
        return Turn("assistant", "", calls=(name,) if isinstance(name, str) else ())
    if "role" in item:
        turn = read_turn(item)
        if turn is not None:
            return turn
    content = read_content(item)  # a bare part, or reasoning, which says nothing
    return Turn("user" if content.text else "assistant", content.text, content.media)
