"""Tell the learner that something waits. Only a wake-up: the table of pending rows is the queue,
and a sweep every few seconds finds what a lost wake-up left behind."""

from __future__ import annotations

import logging
import threading
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

logger = logging.getLogger("featurememory.wake")

# Set when something waits; the embedded runner sleeps on it.
waiting = threading.Event()
LEARN_TASK = "integration.tasks.learn_pending"


def wake(project_id: UUID) -> None:
    """After the commit. Never raises: the interactions are safe whether or not this arrives."""
    if settings.EMBEDDED:
        waiting.set()
        return
    try:
        # One message per project and quarter second is enough, however many requests come.
        if cache.add(f"woken:{project_id}", 1, timeout=0.25):
            send(project_id)
    except Exception as error:
        logger.warning("The broker does not answer; the sweep will find what waits: %s", error)


def send(project_id: UUID) -> None:
    from celery import current_app

    current_app.send_task(LEARN_TASK, args=[str(project_id)], retry=False)
