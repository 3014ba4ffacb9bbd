"""A call ends for its caller when its time is over, though it goes on."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.execution.bounded_call import CallThreads, TaskCancelled, wait_for


def raising(error: Exception) -> Any:
    raise error


def test_what_a_call_returns_or_raises_reaches_its_caller() -> None:
    threads = CallThreads()

    assert wait_for(threads.start(lambda: 5), 10, None) == 5
    with pytest.raises(LookupError):
        wait_for(threads.start(lambda: raising(LookupError())), 10, None)
    with pytest.raises(TimeoutError, match="the model's own"):
        wait_for(threads.start(lambda: raising(TimeoutError("the model's own"))), 10, None)


def test_a_call_that_hangs_is_left_behind() -> None:
    threads, go_on = CallThreads(most=1), threading.Event()
    hanging = threads.start(go_on.wait)
    with pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
        wait_for(hanging, 0.01, None)
    with pytest.raises(FeatureMemoryError) as refusal:
        threads.start(lambda: 5)
    assert refusal.value.code is ErrorCode.OVERLOADED

    go_on.set()
    assert wait_for(hanging, 10, None) is True
    assert wait_for(threads.start(lambda: 5), 10, None) == 5


def test_a_call_is_left_when_it_is_cancelled() -> None:
    threads, go_on, cancel = CallThreads(), threading.Event(), threading.Event()
    hanging = threads.start(go_on.wait)
    threading.Timer(0.01, cancel.set).start()
    with pytest.raises(TaskCancelled):
        wait_for(hanging, None, cancel)

    go_on.set()
