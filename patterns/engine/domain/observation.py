"""What the engine sees of one interaction: plain values, no rows, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

# Any JSON value. `Any` inside: mypy cannot follow recursive aliases through msgspec (Python 3.11).
Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None

EMPTY: Mapping[str, Json] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Observation:
    """One interaction as the recogniser sees it.

    `timestamp` is in seconds since the epoch (UTC), `duration` and `processing_time` in
    milliseconds, `memory_usage` in bytes. `score` lies in [0, 1]; `None` always means unknown,
    never zero. `input` and `output` are any JSON.

    >>> Observation(id="a", input="Where is my order 7?", timestamp=0.0).task_type
    ''
    """

    id: str
    input: Json
    timestamp: float
    output: Json = None
    parameters: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    model_id: str = ""
    task_type: str = ""
    duration: float | None = None
    memory_usage: float | None = None
    token_count: float | None = None
    processing_time: float | None = None
    success: bool | None = None
    score: float | None = None
    tags: Mapping[str, Json] = field(default_factory=lambda: EMPTY)

    @property
    def quality(self) -> float | None:
        """The score where there is one, else success as 1 or 0, else unknown."""
        if self.score is not None:
            return self.score
        return None if self.success is None else float(self.success)
