"""Work in no hurry gives way to requests: both share one interpreter lock."""

from __future__ import annotations

import threading
import time

STEP_S = 0.003
# A request that takes long must not stop the work for ever.
LONGEST_S = 0.5
# At 1 a POST at 8 connections took 66 ms at p99 and 770 came in a second, at 1.5 it took 56 and 916.
YIELDED = 1.5

_answering: set[int] = set()  # threads; adding and discarding are atomic


def enter_request() -> None:
    _answering.add(threading.get_ident())


def leave_request() -> None:
    _answering.discard(threading.get_ident())


def count_other_requests() -> int:
    """How many other threads answer a request now."""
    return len(_answering - {threading.get_ident()})


def give_way(longest: float = LONGEST_S) -> None:
    """Returns once no other thread answers a request, or after `longest` seconds."""
    until = time.monotonic() + longest
    while count_other_requests() and time.monotonic() < until:
        time.sleep(STEP_S)


def yield_after(took: float) -> None:
    """After a step that took so many seconds: YIELDED times as long for requests, if there are any.

    For work that must go on beside them: however many come, it is never stopped altogether.
    """
    if count_other_requests():
        time.sleep(YIELDED * took)
