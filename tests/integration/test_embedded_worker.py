"""The embedded runner: woken or on schedule, it survives failures and ends when asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from integration import embedded_worker as module
from integration.embedded_worker import EmbeddedWorker
from patterns.ingest.wakeup import work_waits


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released once for every sweep."""
    sweeps = threading.Semaphore(0)

    def sweep() -> int:
        sweeps.release()
        return 0

    monkeypatch.setattr(module, "sweep", sweep)
    monkeypatch.setattr(module, "PAUSE_S", 0.01)
    return sweeps


@pytest.fixture
def started() -> Iterator[Callable[[EmbeddedWorker], EmbeddedWorker]]:
    running: list[EmbeddedWorker] = []

    def start(runner: EmbeddedWorker) -> EmbeddedWorker:
        running.append(runner)
        runner.start()
        return runner

    yield start
    for runner in running:
        runner.stop()
    work_waits.clear()


Start = Callable[[EmbeddedWorker], EmbeddedWorker]


def later(work: Callable[[], int], seconds: float = 3600.0) -> EmbeddedWorker:
    return EmbeddedWorker({"work": work}, {"work": seconds})


def test_what_waits_is_learned_at_once(started: Start, swept: threading.Semaphore) -> None:
    started(later(lambda: 0))
    work_waits.set()

    assert swept.acquire(timeout=10)


def test_the_schedule_runs_whether_or_not_something_waits(
    started: Start, swept: threading.Semaphore
) -> None:
    ran = threading.Semaphore(0)

    def run() -> int:
        ran.release()
        return 0

    started(later(run, seconds=0.01))

    assert ran.acquire(timeout=10)
    assert ran.acquire(timeout=10)


def test_a_failure_is_logged_and_the_work_goes_on(
    started: Start, swept: threading.Semaphore, caplog: pytest.LogCaptureFixture
) -> None:
    ran = threading.Semaphore(0)

    def fail() -> int:
        ran.release()
        raise OSError("disk full")

    runner = started(later(fail, seconds=0.01))
    assert ran.acquire(timeout=10)
    assert ran.acquire(timeout=10)
    assert swept.acquire(timeout=10)  # what waited is looked at again
    runner.stop()

    assert "work failed and will be tried again" in caplog.text
    assert "UNKNOWN_ERROR" in {getattr(record, "code", "") for record in caplog.records}


def test_it_ends_after_the_step_at_hand(started: Start, swept: threading.Semaphore) -> None:
    begun, finish = threading.Event(), threading.Event()

    def step() -> int:
        begun.set()
        finish.wait(10)
        return 0

    runner = started(later(step))
    assert begun.wait(10)
    runner.stop(seconds=0.01)
    assert runner.thread.is_alive()
    finish.set()
    runner.stop()

    assert not runner.thread.is_alive()


@pytest.mark.django_db
def test_asleep_it_waits_for_the_next_task_and_not_in_circles() -> None:
    runner = later(lambda: 0, seconds=100)
    runner.run_due()

    assert 90 < runner.seconds_to_next() <= 100
