"""What a dialect has to know, and the values it speaks in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from featurememory_client.recording.usage import get_field


class Asked:
    """A request: the model, what it is to work on, and how."""

    __slots__ = ("input", "model_id", "parameters", "session_id", "tags")

    def __init__(self, body: Mapping[str, Any], input_value: Any, left_out: frozenset[str]) -> None:
        self.model_id = body.get("model")
        self.input = input_value
        known = {name: value for name, value in body.items() if is_given(value)}
        self.parameters = {n: v for n, v in known.items() if n not in left_out | NEVER_PARAMETERS}
        metadata = known.get("metadata")
        self.tags = dict(metadata) if isinstance(metadata, Mapping) else {}
        self.session_id = self.tags.pop("session_id", None)
        if known.get("user"):
            self.tags["user"] = known["user"]


# What says nothing of how the model works: whom it is for, and how the answer travels.
TRAVEL = frozenset({"model", "stream", "stream_options", "background", "store", "service_tier"})
ASKER = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key"})
NEVER_PARAMETERS = TRAVEL | ASKER


class Answered:
    """An answer: its output, what it consumed, and why it ended, where that is not the usual."""

    __slots__ = ("failure", "model_id", "output", "tags", "usage")

    def __init__(self, output: Any = None, usage: Any = None, model_id: Any = None) -> None:
        self.output = output
        self.usage = usage
        self.model_id = model_id
        self.tags: dict[str, Any] = {}
        self.failure: str | None = None


class Reader(Protocol):
    """Puts a stream together as it passes by."""

    def read_event(self, event: Any) -> None: ...

    def finish(self) -> Answered: ...


class Dialect(Protocol):
    """Requests and answers come as dicts or as the SDK's objects."""

    path: str
    can_prepare: bool

    def read_request(self, body: Mapping[str, Any]) -> Asked: ...

    def read_answer(self, answer: Any) -> Answered: ...

    def make_reader(self) -> Reader: ...

    def write_answer(self, output: Any, model: str) -> dict[str, Any] | None:
        """The provider's JSON for an output that was recorded before; None for one that is not."""

    def write_events(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """The same as the events of a stream."""


def is_given(value: Any) -> bool:
    """False for the SDKs' marks of what was not passed."""
    return value is not None and type(value).__name__ not in ("NotGiven", "Omit")


def read_message_input(body: Mapping[str, Any], messages: Any, *others: str) -> dict[str, Any]:
    """Messages, with what else is part of the question: tools, the form of the answer."""
    found = {"messages": messages}
    found.update({name: body[name] for name in others if is_given(body.get(name))})
    return found


def join_texts(parts: Any, kinds: tuple[str, ...]) -> str | None:
    """The texts of content parts, when all are texts of these kinds; else None."""
    if not isinstance(parts, list) or any(get_field(p, "type") not in kinds for p in parts):
        return None
    texts = [get_field(part, "text") for part in parts]
    return "".join(texts) if texts and all(isinstance(text, str) for text in texts) else None
