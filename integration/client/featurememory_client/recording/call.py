"""One call: begun with its input, ended with its output or its error, handed over once."""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Mapping
from typing import Any

from featurememory_client.recording.identifiers import make_id
from featurememory_client.recording.secret_names import hide_quoted_keys
from featurememory_client.recording.snapshot import Room, freeze
from featurememory_client.recording.usage import is_share, read_usage

LONGEST_NAME, LONGEST_ID, LONGEST_ERROR = 200, 128, 2000

_current: contextvars.ContextVar[Call | None] = contextvars.ContextVar(
    "featurememory_call", default=None
)


class Call:
    """What is known of one call. The attributes may be set until it ends.

    `success` None lets the end decide: true after a return, false after an exception, and unknown
    after what says nothing of the answer: a stream closed early, Ctrl-C, a cancelled task.
    """

    def __init__(
        self,
        task_type: str | None = "",
        model_id: str | None = "",
        *,
        session_id: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = make_id()
        self.task_type = task_type
        self.model_id = model_id
        self.output: Any = None
        self.usage: Any = None
        self.success: bool | None = None
        self.score: float | None = None
        self.decision: Any = None
        self.shadow_id: str | None = None
        self.session_id = session_id
        self.parameters = parameters
        self.tags = tags
        self.has_ended = False
        self.origin: object = None  # the process it was begun in
        self._room = Room()
        self._input: Any = None
        self._error: dict[str, str] | None = None
        self._outer = find_open_call()
        self.restart_clock()

    @property
    def input(self) -> Any:
        """As it was when it was given."""
        return self._input

    @input.setter
    def input(self, value: Any) -> None:
        self._input = freeze(value, self._room)

    def restart_clock(self) -> None:
        self._at = time.time()
        self._began = time.perf_counter()

    def note_error(self, error: BaseException) -> None:
        """Unless it was set before, success is false; Ctrl-C and the like leave it unknown."""
        text = hide_quoted_keys(str_of(error))[:LONGEST_ERROR]
        self._error = {"type": type(error).__name__, "message": text}
        if self.success is None and isinstance(error, Exception):
            self.success = False

    @property
    def weight(self) -> int:
        """Bytes it takes in the queue, roughly."""
        return self._room.weight + 500

    def end(self) -> dict[str, Any]:
        """The interaction as it is sent (docs/api.md), all of it frozen. Call it once."""
        duration = max(0.0, (time.perf_counter() - self._began) * 1000)
        self.has_ended = True
        usage = read_usage(self.usage) if self.usage is not None else {}
        found = {
            "id": self.id,
            "model_id": clean_name(self.model_id) or "unknown",
            "task_type": clean_name(self.task_type),
            "input": self._input,
            "output": freeze(self.output, self._room),
            "parameters": self._freeze_named(self.parameters),
            "metadata": {"timestamp": int(self._at * 1000), "duration": round(duration, 3)},
            "usage": usage,
            "success": self.success if isinstance(self.success, bool) else None,
            "score": self.score if is_share(self.score) else None,
            "error": self._error,
            "session_id": clean_name(self.find_session()),
            "decision_id": clean_id(getattr(self.decision, "decision_id", self.decision)),
            "shadow_id": clean_id(self.shadow_id),
            "tags": self._freeze_named(self.tags),
        }
        return {name: value for name, value in found.items() if value or name in ALWAYS_SENT}

    def find_session(self) -> str | None:
        """Its own session, else that of the call it happened in."""
        call: Call | None = self
        while call is not None:
            if call.session_id:
                return call.session_id
            call = call._outer
        return None

    def _freeze_named(self, given: Any) -> Any:
        return freeze(dict(given), self._room) if isinstance(given, Mapping) else None


ALWAYS_SENT = frozenset({"id", "model_id", "input", "output", "metadata", "success", "score"})


def find_open_call() -> Call | None:
    """The call this code runs in. One that has ended meanwhile may still be set where a generator
    was left half-way: its surroundings count then."""
    call = _current.get()
    while call is not None and call.has_ended:
        call = call._outer
    return call


def find_session() -> str | None:
    """The session this code runs in."""
    call = find_open_call()
    return call.find_session() if call is not None else None


def enter_call(call: Call | None) -> contextvars.Token[Call | None]:
    return _current.set(call)


def leave_call(token: contextvars.Token[Call | None]) -> None:
    # Closed in another context than it was opened in, as async generators are.
    with contextlib.suppress(ValueError):
        _current.reset(token)


def clean_name(name: Any) -> str:
    return name.replace("\x00", "")[:LONGEST_NAME] if isinstance(name, str) else ""


def clean_id(name: Any) -> str | None:
    good = isinstance(name, str) and 0 < len(name) <= LONGEST_ID and "\x00" not in name
    return name if good else None


def str_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""
