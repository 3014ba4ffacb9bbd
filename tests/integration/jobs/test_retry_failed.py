"""What was set aside is tried again by a job; what recovers is no longer counted as failed."""

from __future__ import annotations

import pytest

from featurememory.models import Project
from integration.jobs import queue
from integration.models import Job
from patterns.failed_records import note_failure
from patterns.models import FailedRecord, ModelInteraction, Payload
from tests.builders import damage, items, keep, learn_all, states_of, uses_and_recount

pytestmark = pytest.mark.django_db


def retried(owner: Project) -> Job:
    job = queue.start_job(owner, "retry_failed", "maria")
    queue.run_queued_jobs()
    job.refresh_from_db()
    return job


def fail(owner: Project, *names: str) -> dict[int, bytes]:
    """Set these interactions aside; their payloads as they were."""
    rows = ModelInteraction.objects.filter(project=owner, id__in=names)
    found = {
        row.number: bytes(row.data)
        for row in Payload.objects.filter(pk__in=rows.values_list("pk", flat=True))
    }
    for name in names:
        damage(owner, name)
    learn_all(owner)
    return found


def test_what_was_mended_is_recognised_and_what_was_not_stays_failed(owner: Project) -> None:
    keep(owner, items(6))
    before = fail(owner, "i-1", "i-4")
    mended = ModelInteraction.objects.get(project=owner, id="i-4").number
    Payload.objects.filter(pk=mended).update(data=before[mended])
    job = retried(owner)

    assert (job.state, job.done) == ("done", 2)
    assert job.log[-1][1] == "1 of 2 interactions recognised"
    assert states_of(owner) == {1: 5, 2: 1}
    row = FailedRecord.objects.get()
    assert (row.subject, row.attempts) == ("i-1", 2)
    stated, counted = uses_and_recount(owner)
    assert stated == counted


def test_other_failures_are_forgotten_so_that_the_work_is_tried_when_due(owner: Project) -> None:
    note_failure(owner.pk, "repair", "a partition", "broken")

    assert "1 other failures" in retried(owner).log[0][1]
    assert not FailedRecord.objects.exists()
