"""A job that tries again what was set aside: interactions, outcomes, repairs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Max

from integration.learning.learn_batch import learn_next_batch
from integration.models import Job
from optimizations.policy_runtime.failed_outcomes import requeue_failed
from patterns import failed_records
from patterns.models import FailedRecord, ModelInteraction

STEP = 100
PATIENCE_S, PAUSE_S = 30.0, 0.05  # while another learner works


def run_retry_steps(job: Job) -> Iterator[str]:
    """Put failed interactions back into the queue, a few at a time, and see what becomes of them.

    `cursor`: {"after": number of the last one tried, "until": the newest at the start, "recovered"}.
    """
    failed = failed_records.failed_interactions(job.project_id)
    if "until" not in job.cursor:
        newest = failed.aggregate(newest=Max("number"))["newest"] or 0
        job.cursor = {"after": 0, "until": newest, "recovered": 0}
        job.total = failed.count()
        yield retry_other_work(job.project_id)
    while True:
        part = failed.filter(number__gt=job.cursor["after"], number__lte=job.cursor["until"])
        numbers = list(part.order_by("number").values_list("number", flat=True)[:STEP])
        if not numbers:
            break
        recovered = job.cursor["recovered"] + learn_again(job.project_id, numbers)
        job.cursor = {**job.cursor, "after": numbers[-1], "recovered": recovered}
        job.done += len(numbers)
        yield ""
    failed_records.forget_recovered(job.project_id)
    yield f"{job.cursor['recovered']:,} of {job.done:,} interactions recognised"


def retry_other_work(project_id: UUID) -> str:
    """Outcomes are queued again; repairs and the rest are tried when they are next due."""
    outcomes = requeue_failed(project_id)
    others = FailedRecord.objects.filter(project_id=project_id).exclude(work="learning")
    count, _ = others.delete()
    return f"{outcomes:,} outcomes queued again, {count:,} other failures to be tried when due"


def learn_again(project_id: UUID, numbers: Sequence[int]) -> int:
    """Learn these failed interactions; how many were recognised."""
    rows = ModelInteraction.objects.filter(pk__in=numbers)
    rows.filter(state=2).update(state=0)
    until = time.monotonic() + PATIENCE_S
    while rows.filter(state=0).exists() and time.monotonic() < until:
        if learn_next_batch(project_id).busy:
            time.sleep(PAUSE_S)
    return rows.filter(state=1).count()
