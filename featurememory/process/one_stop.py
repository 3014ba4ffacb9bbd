"""A worker of the server stops once, however often it is told to.

Ctrl-C, a service manager or `kill` may signal every process of a group, and the server then signals its
worker again. granian waits in vain for a worker that is told twice, or while it starts, and kills it after
15 s. So the signals are blocked in the worker, and a thread takes the first one.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

STOPS = (signal.SIGINT, signal.SIGTERM)


def take_first_stop() -> None:
    """Call it in the main thread while the worker starts, before other threads are made."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    inherited = signal.getsignal(signal.SIGTERM)
    threading.Thread(target=wait_for_stop, args=(inherited,), name="fm-stop", daemon=True).start()


def wait_for_stop(inherited: Any) -> None:
    """The server's own SIGTERM counts: Ctrl-C reaches it as well."""
    while signal.sigwait(STOPS) != signal.SIGTERM:
        pass
    handler = signal.getsignal(signal.SIGTERM)
    if handler is inherited or not callable(handler):
        os._exit(0)  # not serving yet: nothing is under way
    handler(signal.SIGTERM, None)


def let_stops_through() -> None:
    """In a process that was started by such a worker, which inherits what is blocked."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
