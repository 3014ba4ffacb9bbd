"""The background work as Celery tasks; the embedded worker calls the same functions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from celery import shared_task

from featurememory.errors import handle_feature_memory_error
from featurememory.models import Project
from integration.jobs import queue
from integration.learning.learn_batch import find_waiting_projects, learn_next_batch
from integration.repair import background_repair
from integration.resources import ResourceManager
from optimizations.decision_log import retention
from optimizations.policy_runtime import background_review, outcomes
from patterns.ingest.wakeup import allow_next_wakeup
from patterns.retention import cleanup, project_use
from patterns.storage import payloads

logger = logging.getLogger("featurememory.tasks")

# While a backlog is learned, seconds between two checks for room: storage must not exceed
# `storage.max_size` before the next cleanup.
ROOM_S = 1.0


def run_for_each(ids: Iterable[UUID], work: Callable[[UUID], int]) -> Iterator[int]:
    """Do the work for every project; a failure is logged and does not stop the others."""
    for project_id in list(ids):
        try:
            yield work(project_id)
        except Exception as error:
            logger.warning("Background work of project %s failed", project_id)
            handle_feature_memory_error(error)


@shared_task(name="integration.tasks.learn_pending")
def learn_pending(project_id: str, batches: int = 50) -> int:
    """Recognise pending interactions of a project, at most `batches` batches; how many."""
    total, looked = 0, time.monotonic()
    allow_next_wakeup(UUID(project_id))
    for _ in range(batches):
        done = learn_next_batch(UUID(project_id))
        outcomes.count_outcomes(UUID(project_id))
        total += done.count
        if not done.more or done.busy:
            break
        if time.monotonic() - looked >= ROOM_S:
            cleanup.make_room(UUID(project_id))
            looked = time.monotonic()
    return total


@shared_task(name="integration.tasks.sweep")
def sweep() -> int:
    """Recognise pending interactions of all projects, also after a lost wake-up or a crash."""
    learned = sum(
        run_for_each(find_waiting_projects(), lambda project_id: learn_pending(str(project_id)))
    )
    outcomes.count_all_outcomes()
    return learned


@shared_task(name="integration.tasks.consolidate_due")
def consolidate_due() -> int:
    """Start repairs of projects that have learned enough; how many there are."""
    queue.start_upgrades()
    return background_repair.start_due_repairs()


@shared_task(name="integration.tasks.cleanup_due")
def cleanup_due() -> int:
    """Clean up the projects that are due; how many were cleaned."""
    if project_use.is_recount_due():
        project_use.recount(retention.count_decision_bytes())
    project_use.save_added()
    ids = Project.objects.values_list("pk", flat=True)
    return sum(run_for_each(ids, clean_up_project))


def clean_up_project(project_id: UUID) -> int:
    forgotten = retention.forget_decisions(project_id)
    return int(cleanup.clean_up_if_due(project_id) or forgotten > 0)


@shared_task(name="integration.tasks.train_payloads")
def train_payloads() -> int:
    """Train a payload dictionary if due; how many were made."""
    return int(payloads.is_training_due() and payloads.train_dictionary() is not None)


@shared_task(name="integration.tasks.review_optimizations")
def review_optimizations() -> int:
    """Review the optimizations of every project; how many changed their state."""
    return background_review.review_all()


@shared_task(name="integration.tasks.run_jobs")
def run_jobs() -> int:
    """Run the queued jobs; how many were started."""
    return queue.run_waiting()


_resources: list[ResourceManager] = []
_resources_lock = threading.Lock()


@shared_task(name="integration.tasks.sample_resources")
def sample_resources() -> int:
    """Sample memory, CPU and disk; returns the resident bytes."""
    with _resources_lock:
        if not _resources:
            _resources.append(ResourceManager())
        return _resources[0].sample().memory_bytes


WORK: dict[str, Callable[[], int]] = {
    "integration.tasks.sweep": sweep,
    "integration.tasks.consolidate_due": consolidate_due,
    "integration.tasks.cleanup_due": cleanup_due,
    "integration.tasks.sample_resources": sample_resources,
    "integration.tasks.review_optimizations": review_optimizations,
    "integration.tasks.train_payloads": train_payloads,
    "integration.tasks.run_jobs": run_jobs,
}
