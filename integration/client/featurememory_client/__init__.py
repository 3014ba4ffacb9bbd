"""Sends what your models do to Feature Memory, and asks it how a task should run.

Nothing here raises into its caller or holds it up; while the server is away, work goes on.
See docs/client.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from featurememory_client import runtime
from featurememory_client.asking.decision import Decision
from featurememory_client.capturing.interaction import Interaction, interaction
from featurememory_client.capturing.remember import remember
from featurememory_client.feedback import feedback
from featurememory_client.recording.call import find_session
from featurememory_client.settings import OnError, read_settings
from featurememory_client.version import VERSION
from featurememory_client.wrapping.wrap import wrap

__version__ = VERSION

__all__ = [
    "Decision",
    "Interaction",
    "__version__",
    "feedback",
    "flush",
    "init",
    "interaction",
    "prepare",
    "remember",
    "stats",
    "wrap",
]


def init(
    url: str | None = None,
    key: str | None = None,
    *,
    capture: str = "full",
    spool: str | os.PathLike[str] | None = None,
    timeout: float = 0.25,
    max_queue: int = 10_000,
    on_error: OnError = None,
) -> None:
    """Say where the server is; else FEATURE_MEMORY_URL and FEATURE_MEMORY_KEY do. Opens nothing."""
    others: dict[str, Any] = {
        "capture": capture,
        "spool": spool,
        "timeout": timeout,
        "max_queue": max_queue,
        "on_error": on_error,
    }
    runtime.set_up(read_settings(url, key, **others))


def prepare(
    task: Mapping[str, Any],
    timeout: float | None = None,
    *,
    models: Sequence[str] | None = None,
) -> Decision:
    """How the task should run. Unchanged, within `timeout` seconds, when nothing answers."""
    client = runtime.get_client()
    if client is None:
        return Decision(task)
    return client.ask(task, timeout, find_session(), models)


def flush(timeout: float = 2.0) -> bool:
    """Wait until everything made so far has arrived; False when it has not within `timeout`."""
    client = runtime.get_client()
    return client is None or client.flush(timeout)


def stats() -> dict[str, Any]:
    """What became of the calls of this process (docs/client.md)."""
    client = runtime.get_client()
    if client is not None:
        return client.stats()
    return {**NOTHING, "last_error": runtime.get_process().problem or None}


NOTHING: Mapping[str, Any] = {
    "queued": 0,
    "sent": 0,
    "dropped": 0,
    "retried": 0,
    "spooled": 0,
    "recovered": 0,
    "prepared": 0,
    "prepare_failed": 0,
    "last_error": None,
}
