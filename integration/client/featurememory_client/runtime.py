"""The one client of this process: made by `init`, replaced after a fork, drained at the end."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import time
import warnings
import weakref
from typing import Any

from featurememory_client.client import Client
from featurememory_client.recording.call import Call
from featurememory_client.settings import Settings, read_settings
from featurememory_client.version import VERSION

AGENT = f"featurememory-client/{VERSION}"
WORKERS = frozenset({"multiprocessing", "billiard"})
DRAIN_S = 1.7  # of the 2 s promised; the rest is for writing to the spool


class Process:
    """What a forked child must not share with its parent."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.is_set_up = False
        self.problem = ""  # why everything is off, where it was not wished
        self.retired: list[Client] = []
        self.finalizes: set[str] = set()
        # Streams that are being read: at the end they count as closed.
        self.open_calls: weakref.WeakSet[Any] = weakref.WeakSet()
        self.shadows: set[Any] = set()


_process = Process()


def set_up(settings: Settings) -> None:
    """Make it the client of this process; one that was there before sends what it has and ends."""
    before = _process.client
    _process.is_set_up, _process.problem = True, settings.problem
    if settings.problem:
        with contextlib.suppress(RuntimeWarning):  # where warnings are errors
            warnings.warn(
                f"Feature Memory is off: {settings.problem}", RuntimeWarning, stacklevel=3
            )
    if before is not None and before.settings == settings:
        return
    _process.client = make_client(settings)
    if before is not None:
        before.retire()
        _process.retired.append(before)


def make_client(settings: Settings) -> Client | None:
    return Client(settings, settings.address, AGENT) if settings.address else None


def get_client() -> Client | None:
    """None while everything is off. Without `init` the environment alone decides."""
    if not _process.is_set_up:
        set_up(read_settings())
    return _process.client


def get_process() -> Process:
    return _process


def hand_over(call: Call) -> None:
    """Queue an ended call, if it was begun in this process: a child must not send its parent's."""
    client, process = get_client(), _process
    if client is None or call.origin is not process:
        call.has_ended = True
        return
    for package in WORKERS.difference(process.finalizes):
        drain_in_worker(process, package)
    client.take(call)


def report(error: Exception) -> None:
    """What went wrong in here: it must not reach the caller."""
    client = _process.client
    if client is not None:
        client.report(error)


def drain_in_worker(process: Process, package: str) -> None:
    """Workers of multiprocessing, and of Celery, end without `atexit`: they have a list of their
    own. The smallest priority comes last, after whatever else still makes calls."""
    util, processes = (sys.modules.get(f"{package}.{name}") for name in ("util", "process"))
    if util is not None and processes is not None:
        process.finalizes.add(package)
        if processes.current_process().name != "MainProcess":
            util.Finalize(None, close_all, exitpriority=-100)


def close_all() -> None:
    """Drain everything, in 2 s at most; a second Ctrl-C ends that too. Nothing is printed, and what
    one call or client raises keeps no other from ending."""
    try:
        process, deadline = _process, time.monotonic() + DRAIN_S
        for call in list(process.open_calls):
            with contextlib.suppress(Exception):
                call.close()
        for client in [process.client, *process.retired]:
            if client is not None:
                with contextlib.suppress(Exception):
                    client.close(deadline)
    except BaseException:
        return


def start_anew_in_child() -> None:
    """The sender's thread is not here, its locks may be held for ever, its queue is the parent's."""
    global _process
    before, _process = _process, Process()
    _process.is_set_up = before.is_set_up
    if before.client is not None:
        _process.client = make_client(before.client.settings)
        before.client.let_go_in_child()


atexit.register(close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=start_anew_in_child)
