"""A kind of request: what is asked, of which model, how that goes, and when in the story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

USUAL = "gpt-5-mini"  # the model that most tasks ask for
PARAMETERS: dict[str, Any] = {"temperature": 0.2, "max_tokens": 1024}


@dataclass(frozen=True)
class RequestKind:
    """Usual duration in ms, tokens of the answer, share of successes, weight in the traffic.

    `edges`: how much more often (less when negative) another model succeeds. `attached`: tokens of the
    file that goes along. From the day `worse_from` on, `worse_model` (any, when empty) succeeds with
    `worse_success` only. `since` and `until` are days of the story.
    """

    task_type: str
    input: Any
    answer: str
    duration: float
    tokens: int
    success: float
    weight: float
    model: str = USUAL
    edges: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=lambda: dict(PARAMETERS))
    attached: int = 0
    spread: float = 0.16
    worse_from: float = 1e9
    worse_model: str = ""
    worse_success: float = 0.0
    since: float = 0.0
    until: float = 1e9

    def success_of(self, model_id: str, day: float) -> float:
        if day >= self.worse_from and self.worse_model in ("", model_id):
            return self.worse_success
        return min(0.99, self.success + self.edges.get(model_id, 0.0))


def plain(text: str) -> Any:
    return text


def chat(text: str) -> Any:
    return {"messages": [{"role": "user", "content": text}]}


def with_file(system: str, file: str, text: str) -> Any:
    """A chat with an attached file; what it holds is counted as tokens, not stored."""
    parts = [{"type": "file", "file": {"filename": file}}, {"type": "text", "text": text}]
    return {"messages": [{"role": "system", "content": system}, {"role": "user", "content": parts}]}


def as_json(task: dict[str, Any]) -> Any:
    return task


def tool_call(question: str, tool: str, arguments: dict[str, str]) -> Any:
    """A chat in which the model has called a tool and reads its answer."""
    call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments}}
    return {
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": {"found": "<number>"}},
        ]
    }
