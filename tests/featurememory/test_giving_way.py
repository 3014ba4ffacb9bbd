"""Work in no hurry waits while a request is answered, but never for ever."""

from __future__ import annotations

import threading
import time

from featurememory import giving_way


def waited(longest: float) -> float:
    began = time.monotonic()
    giving_way.give_way(longest)
    return time.monotonic() - began


def test_nobody_answers_so_nobody_waits() -> None:
    assert waited(5.0) < 4.0


def test_work_within_a_request_does_not_wait_for_itself() -> None:
    giving_way.begins()
    try:
        assert waited(5.0) < 4.0
    finally:
        giving_way.ends()


def test_work_goes_on_when_the_request_ends_and_after_a_while_anyway() -> None:
    answering, end = threading.Event(), threading.Event()

    def request() -> None:
        giving_way.begins()
        answering.set()
        end.wait(60)
        giving_way.ends()

    thread = threading.Thread(target=request)
    thread.start()
    answering.wait(60)
    assert waited(0.05) >= 0.05
    threading.Timer(0.05, end.set).start()
    assert waited(60) < 50
    thread.join()
