"""What the server is asked: the task as it may leave the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from featurememory_client.asking.decision import Decision, read_decision
from featurememory_client.delivery.parcels import encode
from featurememory_client.recording.snapshot import Room, freeze

LONGEST = 1_000_000  # bytes; the server takes 1 MiB
FIELDS = ("task_type", "model_id", "input", "parameters", "session_id", "parts")


class TaskRefused(ValueError):
    """The task cannot be asked about; the server is well."""


class Question:
    """Written on first use: while the breaker is open nothing is copied."""

    def __init__(
        self,
        task: Mapping[str, Any],
        session_id: str | None,
        models: Sequence[str] | None,
        disguise: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self._task = task
        self._session_id = session_id
        self._models = list(models) if models else None
        self._disguise = disguise
        self._sent: dict[str, Any] = {}
        self._body = b""

    def write(self, dry_run: bool = False) -> bytes:
        if not self._body:
            self._sent = self._disguise(freeze(self._describe(), Room()))
            order: dict[str, Any] = {"task": self._sent}
            order.update({"models": self._models} if self._models else {})
            order.update({"dry_run": True} if dry_run else {})
            self._body = encode(order)
        if len(self._body) > LONGEST:
            raise TaskRefused("the task is too long to ask about")
        return self._body

    def _describe(self) -> dict[str, Any]:
        task = self._task
        found = {name: task[name] for name in FIELDS if task.get(name) is not None}
        if self._session_id:
            found.setdefault("session_id", self._session_id)
        return {"input": None, **found}

    def read(self, answer: Any) -> Decision:
        return read_decision(answer, self._task, self._sent)
