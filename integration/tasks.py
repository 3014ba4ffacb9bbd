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
from integration.alerts import delivery, evaluation
from integration.erasure import old_texts
from integration.jobs import queue
from integration.learning.learn_batch import (
    LearnResult,
    find_waiting_projects,
    learn_next_batch,
)
from integration.repair import repair_schedule
from integration.resources import ResourceManager
from integration.topic_division import count_evaluations
from optimizations.decision_log import retention
from optimizations.policy_runtime import background_review, evaluations, outcomes
from patterns.failed_records import forget_failures, note_failure
from patterns.ingest.wakeup import allow_next_wakeup
from patterns.models import FailedRecord
from patterns.retention import cleanup, project_use
from patterns.storage import payloads, tag_blocks

logger = logging.getLogger("featurememory.tasks")

# While a backlog is learned, seconds between two checks for room: storage must not exceed
# `storage.max_size` before the next cleanup.
ROOM_S = 1.0
# In a sweep projects take turns: at most so many batches, none begun after so many seconds, in so many
# rounds. One task of a worker ends after TASK_S; what is left waits for the next sweep.
TAGS_S = 2.0
TURN_BATCHES, TURN_S, ROUNDS, TASK_S = 5, 2.0, 10, 20.0


def run_for_each(name: str, ids: Iterable[UUID], work: Callable[[UUID], int]) -> Iterator[int]:
    """Do the work for every project; a failure is noted under `name` and does not stop the others."""
    noted = set(
        FailedRecord.objects.filter(work=name, subject="").values_list("project", flat=True)
    )
    for project_id in list(ids):
        try:
            done = work(project_id)
        except Exception as error:
            logger.warning("Background work (%s) of project %s failed", name, project_id)
            handle_feature_memory_error(error)
            note_failure(project_id, name, "", error)
            continue
        if project_id in noted:
            forget_failures(project_id, name, [""])
        yield done


@shared_task(name="integration.tasks.learn_pending")
def learn_pending(project_id: str, batches: int = 50) -> int:
    """Recognise pending interactions of a project, at most `batches` batches; how many."""
    allow_next_wakeup(UUID(project_id))
    until = time.monotonic() + TASK_S
    return learn_turn(UUID(project_id), batches, until).count


def learn_turn(project_id: UUID, batches: int, until: float) -> LearnResult:
    """Learn up to `batches` batches, none begun after `until` (monotonic)."""
    total, looked = 0, time.monotonic()
    for _ in range(batches):
        done = learn_next_batch(project_id)
        sum(run_for_each("outcome", [project_id], outcomes.count_outcomes))
        total += done.count
        if not done.more or done.busy:
            return LearnResult(total, more=False)
        if time.monotonic() - looked >= ROOM_S:
            sum(run_for_each("retention", [project_id], cleanup.make_room))
            looked = time.monotonic()
        if time.monotonic() >= until:
            break
    return LearnResult(total, more=True)


@shared_task(name="integration.tasks.sweep")
def sweep() -> int:
    """Recognise pending interactions of all projects by turns, also after a lost wake-up or a crash."""
    waiting, learned = find_waiting_projects(), 0
    for project_id in waiting:
        allow_next_wakeup(project_id)
    for _ in range(ROUNDS):
        again: list[UUID] = []

        def take_turn(project_id: UUID, again: list[UUID] = again) -> int:
            done = learn_turn(project_id, TURN_BATCHES, time.monotonic() + TURN_S)
            again.extend([project_id] if done.more else [])
            return done.count

        learned += sum(run_for_each("learning", waiting, take_turn))
        waiting = again
        if not waiting:
            break
    sum(run_for_each("outcome", outcomes.find_waiting_projects(), outcomes.count_outcomes))
    sum(run_for_each("evaluation", evaluations.find_due_projects(), count_evaluations))
    return learned


@shared_task(name="integration.tasks.consolidate_due")
def consolidate_due() -> int:
    """Start repairs of projects that have learned enough; how many there are."""
    return repair_schedule.start_due_repairs()


@shared_task(name="integration.tasks.start_upgrades")
def start_upgrades() -> int:
    """Queue a job where the settings need another recogniser; how many."""
    return queue.start_upgrades()


@shared_task(name="integration.tasks.cleanup_due")
def cleanup_due() -> int:
    """Clean up the projects that are due; how many were cleaned."""
    if project_use.is_recount_due():
        project_use.recount(retention.count_decision_bytes())
    project_use.save_added()
    ids = Project.objects.values_list("pk", flat=True)
    return sum(run_for_each("retention", ids, clean_up_project))


def clean_up_project(project_id: UUID) -> int:
    forgotten = retention.forget_decisions(project_id) + old_texts.forget_if_due(project_id)
    return int(cleanup.clean_up_if_due(project_id) or forgotten > 0)


@shared_task(name="integration.tasks.train_payloads")
def train_payloads() -> int:
    """Train a payload dictionary if due; how many were made."""
    return int(payloads.is_training_due() and payloads.train_dictionary() is not None)


@shared_task(name="integration.tasks.index_tags")
def index_tags() -> int:
    """Note in blocks which tags came; how many blocks. Projects take turns when there is much."""
    ids = Project.objects.order_by("?").values_list("pk", flat=True)
    until = time.monotonic() + TAGS_S
    return sum(run_for_each("tags", ids, lambda project: tag_blocks.make_blocks(project, until)))


@shared_task(name="integration.tasks.review_optimizations")
def review_optimizations() -> int:
    """Review the optimizations of every project; how many changed their state."""
    return sum(run_for_each("review", background_review.find_reviewed(), background_review.review))


@shared_task(name="integration.tasks.run_jobs")
def run_jobs() -> int:
    """Run the queued jobs; how many were started."""
    queue.start_repricing()
    return queue.run_waiting()


@shared_task(name="integration.tasks.evaluate_alerts")
def evaluate_alerts() -> int:
    """Measure what the rules of every project watch; how many said something."""
    return sum(run_for_each("alerts", evaluation.find_watched(), evaluation.evaluate_project))


@shared_task(name="integration.tasks.deliver_alerts")
def deliver_alerts() -> int:
    """Hand messages that are due to threads of their own; how many."""
    return delivery.deliver_due()


_resources: list[ResourceManager] = []
_resources_lock = threading.Lock()


@shared_task(name="integration.tasks.sample_resources")
def sample_resources() -> int:
    """Sample memory, CPU and disk; returns the resident bytes."""
    return start_sampling().sample().memory_bytes


def start_sampling() -> ResourceManager:
    """Note what the bare process uses; the earlier, the less of the engine is counted as that."""
    with _resources_lock:
        if not _resources:
            _resources.append(ResourceManager())
        return _resources[0]


WORK: dict[str, Callable[[], int]] = {
    "integration.tasks.sweep": sweep,
    "integration.tasks.consolidate_due": consolidate_due,
    "integration.tasks.start_upgrades": start_upgrades,
    "integration.tasks.cleanup_due": cleanup_due,
    "integration.tasks.sample_resources": sample_resources,
    "integration.tasks.index_tags": index_tags,
    "integration.tasks.review_optimizations": review_optimizations,
    "integration.tasks.train_payloads": train_payloads,
    "integration.tasks.run_jobs": run_jobs,
    "integration.tasks.evaluate_alerts": evaluate_alerts,
    "integration.tasks.deliver_alerts": deliver_alerts,
}
