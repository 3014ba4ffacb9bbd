"""One call of a model within its time, or until somebody cancels it."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any

from django.db import connections

from featurememory.errors import ErrorCode, FeatureMemoryError

# Python cannot end a thread: a call that hangs is left behind until it returns. So many at once.
MOST_THREADS = 200
LOOK_S = 0.02  # seconds between two looks whether the call was cancelled


class TaskCancelled(Exception):
    """The caller does not want the answer any more."""


class CallThreads:
    """Runs calls in threads of their own, so that their callers can go on without them."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._room = threading.BoundedSemaphore(most)

    def start(self, call: Callable[[], Any]) -> Future[Any]:
        """What the call will return or raise. OVERLOADED while too many hang."""
        if not self._room.acquire(blocking=False):
            raise FeatureMemoryError(
                "Too many calls of models hang: none is begun until one of them returns.",
                ErrorCode.OVERLOADED,
            )
        answered: Future[Any] = Future()
        context = contextvars.copy_context()
        work = (self._work, call, answered)
        thread = threading.Thread(target=context.run, args=work, name="fm-model", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # at the system's limit there are no new threads
            self._room.release()
            raise
        return answered

    def _work(self, call: Callable[[], Any], answered: Future[Any]) -> None:
        try:
            found, error = call(), None
        except BaseException as raised:
            found, error = None, raised
        connections.close_all()  # those of this thread
        self._room.release()
        if not answered.set_running_or_notify_cancel():
            return  # whoever waited has gone
        if error is None:
            answered.set_result(found)
        else:
            answered.set_exception(error)


def wait_for(answered: Future[Any], seconds: float | None, cancel: threading.Event | None) -> Any:
    """The result. TimeoutError after `seconds`, TaskCancelled when `cancel` is set; the call itself
    goes on then, and its answer is dropped."""
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        if cancel is not None and cancel.is_set():
            raise TaskCancelled
        left = None if until is None else max(0.0, until - time.monotonic())
        look = left if cancel is None else min(LOOK_S, LOOK_S if left is None else left)
        try:
            return answered.result(look)
        except NotYet:
            if answered.done():  # the model's own
                raise
            if left == 0.0:
                raise TimeoutError(f"no answer within {seconds:g} s") from None


def wait_between(seconds: float, cancel: threading.Event | None) -> None:
    """The pause before another attempt."""
    if cancel is None:
        time.sleep(seconds)
    elif cancel.wait(seconds):
        raise TaskCancelled


threads = CallThreads()
