"""One model call as a way in tells it, and the interaction it becomes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

import msgspec

from integration.dialects.json_values import Json, text_in

ID_LENGTH, NAME_LENGTH = 128, 200
UNKNOWN_MODEL = "unknown"
# Tags become features: more, or longer ones, would crowd out what tells patterns apart.
MOST_TAGS, LONGEST_TAG = 32, 1_000
# `gpt-4o-2024-08-06`, `claude-3-5-sonnet-20241022`, `mistral-large-2411`, `…@20240620`, `…-001`.
DATED = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3})")


# Names under which keys travel: `extra_headers`, `llm.headers`, `api_key`. Their values are not kept.
SECRET = re.compile(
    r"authorization|api[-_.]?key|secret|passw|cookie|credential|headers?\b", re.IGNORECASE
)


def is_something(value: Any) -> bool:
    """Not None and not empty; 0 and False say something."""
    return bool(value) or value == 0


@lru_cache(1_000)
def is_secret(name: str) -> bool:
    return SECRET.search(name) is not None


@dataclass(slots=True)
class ToldCall:
    """What is known of one call. None, and an empty value: the way in does not say."""

    id: str | None = None
    model: str | None = None  # asked for
    served_by: str | None = None  # the model that answered
    task_type: str | None = None
    input: Json = None
    output: Json = None
    parameters: dict[str, Json] = field(default_factory=dict)
    usage: dict[str, float] = field(default_factory=dict)
    cost: float | None = None
    started_ms: float | str | None = None
    duration_ms: float | None = None
    failed: bool | None = None
    error: dict[str, Json] = field(default_factory=dict)
    score: float | None = None
    response_id: str | None = None  # the provider's own
    session: str | None = None
    decision: str | None = None
    tags: dict[str, Json] = field(default_factory=dict)

    def fill(self, **values: Any) -> None:
        """Set what is not known yet: the way in that is asked first wins."""
        for name, value in values.items():
            if value or value == 0:  # `is_something`, which would be called a dozen times a span
                known = getattr(self, name)
                if known is None or known == {}:
                    setattr(self, name, value)

    def fill_from(self, other: ToldCall) -> None:
        """What another telling of the same call knows and this one does not."""
        for part in fields(self):
            if part.name not in ("parameters", "tags", "id"):
                self.fill(**{part.name: getattr(other, part.name)})
        self.fill_parameters(other.parameters)
        self.fill_tags(other.tags)

    def fill_parameters(self, values: Mapping[str, Json]) -> None:
        for name, value in values.items():
            if is_something(value) and not is_secret(name):
                self.parameters.setdefault(name, value)

    def fill_tags(self, values: Mapping[str, Json]) -> None:
        """Tags that are not there yet, as long as there is room; long ones are cut."""
        for name, value in values.items():
            if len(self.tags) >= MOST_TAGS:
                return
            if is_something(value) and not is_secret(name):
                self.tags.setdefault(name[:NAME_LENGTH], cut_tag(value))


def cut_tag(value: Json) -> Json:
    if isinstance(value, (dict, list)):
        text = msgspec.json.encode(value).decode()
        return value if len(text) <= LONGEST_TAG else text[:LONGEST_TAG]
    return value[:LONGEST_TAG] if isinstance(value, str) else value


def interaction_of(call: ToldCall) -> dict[str, Json]:
    """The call as an interaction of the API; what is unknown is left out."""
    usage: dict[str, Json] = {**call.usage}
    if call.cost or (call.cost is not None and not call.failed):
        usage["cost"] = call.cost  # what failed was not free: its 0 only says that nothing came
    made: dict[str, Json] = {
        "id": None if call.id is None else fitting_id(call.id),
        "model_id": model_of(call.model, call.served_by),
        "task_type": text_in(call.task_type, NAME_LENGTH),
        "output": call.output,
        "parameters": call.parameters,
        "usage": usage,
        "success": None if call.failed is None else not call.failed,
        "score": call.score,
        "error": call.error if call.failed else None,
        "session_id": text_in(call.session, NAME_LENGTH),
        "decision_id": text_in(call.decision, ID_LENGTH),
        "tags": call.tags,
    }
    known: dict[str, Json] = {n: v for n, v in made.items() if v is not None and v != {}}
    known["input"] = call.input
    known["metadata"] = {"timestamp": call.started_ms, "duration": call.duration_ms}
    return known


def model_of(asked: str | None, served_by: str | None) -> str:
    """The model a call counts for: the one that answered, under the name it was asked by.

    Failed calls know only the name asked for; were answered ones filed under the dated name,
    a model's failures would count for another model.
    """
    return choose_model(text_in(asked), text_in(served_by))


@lru_cache(1_000)
def choose_model(asked: str | None, served_by: str | None) -> str:
    if asked and served_by and not is_dated_name_of(served_by, asked):
        return served_by
    return asked or served_by or UNKNOWN_MODEL


def is_dated_name_of(name: str, short: str) -> bool:
    """`gpt-4o-2024-08-06` is a dated name of `openai/gpt-4o`, and of itself."""
    name, short = (text.rsplit("/", 1)[-1].lower() for text in (name, short))
    rest = name.removeprefix(short)
    return not rest or (rest != name and DATED.fullmatch(rest) is not None)


def fitting_id(text: str) -> str:
    """The id itself where it fits the column, else one made of it."""
    if 0 < len(text) <= ID_LENGTH and "\x00" not in text:
        return text
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=20).hexdigest()
