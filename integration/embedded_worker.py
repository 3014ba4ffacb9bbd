"""Runs the background tasks in a thread of the server, instead of Celery worker and beat.

It sleeps until interactions are pending or a task is due, so an idle server uses almost no CPU.
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
from integration.jobs import demo_jobs
from integration.repair import repair_schedule
from integration.tasks import WORK, start_sampling, sweep
from patterns.ingest.wakeup import work_waits
from patterns.models import ModelInteraction

logger = logging.getLogger("featurememory.runner")

# Pause after a failure (such as a full disk) before the work is tried again.
PAUSE_S = 1.0
# What arrives within this time is learned as one batch: a batch of one costs 10 ms of the interpreter,
# for which requests wait; one of 50 costs 30 ms. The first interaction after a pause does not wait.
GATHER_S = 0.1


class EmbeddedWorker:
    def __init__(self, work: dict[str, Callable[[], int]], schedule: dict[str, float]) -> None:
        self.work, self.schedule = work, schedule
        self.next_run = {name: time.monotonic() for name in schedule}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="fm-worker", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Stop after the current step; the rest stays pending in the database."""
        self.stopping.set()
        repair_schedule.stop_repairs()
        work_waits.set()
        self.thread.join(seconds)

    def run(self) -> None:
        start_sampling()
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
            work_waits.set()  # the work is still pending
            self.stopping.wait(PAUSE_S)
        finally:
            close_old_connections()


def load_demo_if_empty() -> int:
    """Start loading the demo at the first start of an empty server; how many projects were made."""
    if ModelInteraction.objects.exists():
        return 0
    return int(demo_jobs.start_loading("memory")[1])


def start_worker() -> EmbeddedWorker:
    worker = EmbeddedWorker(WORK, settings.BACKGROUND_SCHEDULE)
    worker.start()
    atexit.register(worker.stop)
    return worker
