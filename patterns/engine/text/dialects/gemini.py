"""Gemini: `contents` with `parts`, `systemInstruction`, function declarations."""

from __future__ import annotations

from collections.abc import Mapping

from patterns.engine.domain.observation import Json
from patterns.engine.text.dialects.content import read_content
from patterns.engine.text.dialects.request import ModelRequest, Turn, request_of
from patterns.engine.text.dialects.tools import tool_names


def read_gemini(value: Json) -> ModelRequest | None:
    """The request of a `generateContent` body, or None."""
    if not isinstance(value, Mapping) or "contents" not in value:
        return None
    turns = _turns(value["contents"])
    if turns is None:
        return None
    system = read_content(value.get("systemInstruction", value.get("system_instruction"))).text
    return request_of(system, turns, tool_names(value))


def _turns(contents: Json) -> list[Turn] | None:
    if isinstance(contents, str):
        return [Turn("user", contents)]
    listed = contents if isinstance(contents, list) else [contents]
    turns = []
    for content in listed:
        if isinstance(content, str):
            turns.append(Turn("user", content))
        elif isinstance(content, Mapping) and "parts" in content:
            found = read_content(content["parts"])
            role = str(content.get("role") or "user").lower()
            done = role == "function" or bool(found.results and not found.text)
            turns.append(Turn(role, found.text, found.media, found.calls, done))
        else:
            return None
    return turns or None
