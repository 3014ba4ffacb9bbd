"""Work in no hurry waits while a request is answered, but never for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from featurememory.process import request_priority


def waited(longest: float) -> float:
    began = time.monotonic()
    request_priority.give_way(longest)
    return time.monotonic() - began


def test_nobody_answers_so_nobody_waits() -> None:
    assert waited(5.0) < 4.0


def test_work_within_a_request_does_not_wait_for_itself() -> None:
    request_priority.enter_request()
    try:
        assert waited(5.0) < 4.0
    finally:
        request_priority.leave_request()


@contextmanager
def another_request() -> Iterator[threading.Event]:
    """Answered by another thread until the event inside is set, at the latest to the end."""
    answering, end = threading.Event(), threading.Event()

    def request() -> None:
        request_priority.enter_request()
        answering.set()
        end.wait(60)
        request_priority.leave_request()

    thread = threading.Thread(target=request)
    thread.start()
    answering.wait(60)
    yield end
    end.set()
    thread.join()


def test_work_goes_on_when_the_request_ends_and_after_a_while_anyway() -> None:
    with another_request() as end:
        assert waited(0.05) >= 0.05
        threading.Timer(0.05, end.set).start()
        assert waited(60) < 50


def shared(took: float) -> float:
    began = time.monotonic()
    request_priority.yield_after(took)
    return time.monotonic() - began


def test_requests_get_as_long_as_the_last_step_took_and_nothing_when_there_are_none() -> None:
    with another_request():
        assert request_priority.count_other_requests() == 1
        assert shared(0.05) >= 0.05
    assert request_priority.count_other_requests() == 0
    assert shared(60) < 50
