"""Asking from a coroutine: the event loop goes on meanwhile."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Any


async def ask_beside_loop(ask: Callable[[], None]) -> None:
    """Run `ask` in a thread of its own; in the caller's where the loop is not asyncio's."""
    loop = find_loop()
    if loop is None:
        return ask()
    answered = loop.create_future()

    def work() -> None:
        ask()
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(resolve, answered)

    # Not the loop's executor: its threads are waited for when the process ends.
    threading.Thread(target=work, daemon=True).start()
    await answered
    return None


def find_loop() -> Any:
    try:
        return sys.modules["asyncio"].get_running_loop()
    except (KeyError, RuntimeError):
        return None


def resolve(future: Any) -> None:
    if not future.done():
        future.set_result(None)
