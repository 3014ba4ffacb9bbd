"""Wake the learner when interactions are pending. The table of pending rows is the queue; a sweep
every few seconds finds what a lost wake-up left behind."""

from __future__ import annotations

import logging
import threading
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

logger = logging.getLogger("featurememory.wake")

# Set when interactions are pending; the embedded worker sleeps on it.
work_waits = threading.Event()
# Seconds; Redis knows no shorter time than one.
LOST_S = 5
LEARN_TASK = "integration.tasks.learn_pending"


def wake_learner(project_id: UUID) -> None:
    """Call it after the commit. Never raises: the interactions are stored whether or not it arrives."""
    if settings.EMBEDDED:
        work_waits.set()
        return
    try:
        # One message is enough until a learner starts, however many requests come. If it is lost,
        # the sweep runs before the next one.
        if cache.add(f"woken:{project_id}", 1, timeout=LOST_S):
            send_learn_task(project_id)
    except Exception as error:
        logger.warning("The broker does not answer; the sweep will find what waits: %s", error)


def allow_next_wakeup(project_id: UUID) -> None:
    """A learner starts reading the queue: what is stored from now on needs a new message."""
    if settings.EMBEDDED:
        return
    try:
        cache.delete(f"woken:{project_id}")
    except Exception as error:
        logger.warning("The broker does not answer; the sweep will find what waits: %s", error)


def send_learn_task(project_id: UUID) -> None:
    from celery import current_app

    current_app.send_task(LEARN_TASK, args=[str(project_id)], retry=False)
