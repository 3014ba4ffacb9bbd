"""Chat completions, the request and answer that providers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from integration.dialects.answers import read_answer
from integration.dialects.usage import Tokens, read_usage
from integration.execution.reply import Reply
from optimizations.engine.domain.task import Json, Task


def describe_request(task: Task, name: str = "", stream: bool = False) -> dict[str, Any]:
    """The body that asks for this task. Without messages the input is one of the user."""
    body = {"model": name or task.model_id, **messages_of(task.input), **task.parameters}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def messages_of(given: Json) -> dict[str, Any]:
    if isinstance(given, dict) and isinstance(given.get("messages"), list):
        return {name: given[name] for name in ("messages", "tools") if name in given}
    if (
        isinstance(given, list)
        and all(isinstance(m, dict) and "role" in m for m in given)
        and given
    ):
        return {"messages": given}
    text = given if isinstance(given, str) else msgspec.json.encode(given).decode()
    return {"messages": [{"role": "user", "content": text}]}


def read_completion(answer: Mapping[str, Any]) -> Reply:
    return make_reply(read_answer(dict(answer)), read_usage(answer.get("usage")))


def make_reply(output: Json, tokens: Tokens) -> Reply:
    return Reply(
        output,
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cached_input_tokens=tokens.cached,
        cache_write_tokens=tokens.written,
        extended_cache_write_tokens=tokens.extended,
        reasoning_tokens=tokens.reasoning,
    )


class ChunkReader:
    """A streamed completion: its texts as they come, its calls of tools and its usage at the end."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._tokens = Tokens()

    def read(self, chunk: Mapping[str, Any]) -> str:
        """The text in a chunk, often none."""
        if chunk.get("usage"):
            self._tokens = read_usage(chunk["usage"])
        choices = chunk.get("choices") or [{}]
        delta = choices[0].get("delta") or {}
        for part in delta.get("tool_calls") or ():
            self._add_call(part)
        text = str(delta.get("content") or "")
        self._texts.append(text)
        return text

    def _add_call(self, part: Mapping[str, Any]) -> None:
        call = self._calls.setdefault(
            part.get("index") or 0, {"id": "", "name": "", "arguments": ""}
        )
        function = part.get("function") or {}
        call["id"] += part.get("id") or ""
        for name in ("name", "arguments"):
            call[name] += function.get(name) or ""

    def end(self) -> Reply:
        """The whole: output None where it is the texts that were read."""
        if not self._calls:
            return make_reply(None, self._tokens)
        calls = [
            {"id": call["id"], "type": "function", "function": call}
            for call in self._calls.values()
        ]
        message = {
            "role": "assistant",
            "content": "".join(self._texts) or None,
            "tool_calls": calls,
        }
        return make_reply(read_answer(message), self._tokens)
