"""The embedded stand-in for worker and beat: the same tasks on the same schedule, in a thread.

It sleeps until something waits or the next task is due, so an idle server costs next to nothing.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections

from featurememory.errors import handle_feature_memory_error
from integration.repair import background_repair
from integration.tasks import WORK, sweep
from patterns.ingest.wakeup import work_waits
from patterns.models import ModelInteraction

logger = logging.getLogger("featurememory.runner")

# After a failure (a full disk, say) the same work waits this long before it is tried again.
PAUSE_S = 1.0
# What comes in meanwhile is learned as one batch: a batch of one costs 10 ms of the interpreter,
# which requests wait for; one of 50 costs 30 ms. An interaction after a pause waits for nothing.
GATHER_S = 0.1


class EmbeddedWorker:
    def __init__(self, work: dict[str, Callable[[], int]], schedule: dict[str, float]) -> None:
        self.work, self.schedule = work, schedule
        self.next_run = {name: time.monotonic() for name in schedule}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="fm-runner", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Let the step at hand end; what is left waits in the database."""
        self.stopping.set()
        background_repair.stop_repairs()
        work_waits.set()
        self.thread.join(seconds)

    def run(self) -> None:
        if os.environ.get("FM_LOAD_DEMO"):
            self.run_safely("demo", load_demo_if_empty)
        while not self.stopping.is_set():
            if work_waits.wait(self.seconds_to_next()):
                work_waits.clear()
                if not self.stopping.is_set():
                    self.run_safely("learn", sweep)
                    self.stopping.wait(GATHER_S)
            self.run_due()

    def seconds_to_next(self) -> float:
        return max(0.0, min(self.next_run.values()) - time.monotonic())

    def run_due(self) -> None:
        for name, seconds in self.schedule.items():
            if self.stopping.is_set():
                return
            if time.monotonic() >= self.next_run[name]:
                self.next_run[name] = time.monotonic() + seconds
                self.run_safely(name, self.work[name])

    def run_safely(self, name: str, work: Callable[[], int]) -> None:
        try:
            work()
        except Exception as error:
            logger.warning("%s failed and will be tried again", name)
            handle_feature_memory_error(error)
            work_waits.set()  # what waited still waits
            self.stopping.wait(PAUSE_S)
        finally:
            close_old_connections()


def load_demo_if_empty() -> int:
    """At the first start of an empty memory there is something to look at."""
    if ModelInteraction.objects.exists():
        return 0
    from integration import demo

    demo.load_demo()
    return 1


def start_worker() -> EmbeddedWorker:
    runner = EmbeddedWorker(WORK, settings.BACKGROUND_SCHEDULE)
    runner.start()
    atexit.register(runner.stop)
    return runner
