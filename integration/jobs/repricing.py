"""The job that prices stored interactions again after a price was added for the past."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Max

from featurememory.database.write_lock import write_turn
from integration.models import Job
from optimizations.models import ModelPrice
from optimizations.prices.pricing import reprice_rows
from patterns.curation.learner_turn import learning_turn
from patterns.models import ModelInteraction

STEP = 500


def run_reprice_steps(job: Job) -> Iterator[str]:
    """Price every counted interaction without a reported cost by the list as it is now.

    `cursor`: {"after": number of the last row done, "until": the newest row at the start, "changed"}.
    A price that is added meanwhile asks for the next job.
    """
    rows = ModelInteraction.objects.filter(project=job.project, state=1, cost__isnull=True)
    if "until" not in job.cursor:
        ModelPrice.objects.filter(project=job.project, applied=False).update(applied=True)
        newest = rows.aggregate(newest=Max("number"))["newest"] or 0
        job.cursor = {"after": 0, "until": newest, "changed": 0}
        job.total = rows.count()
    while True:
        part = rows.filter(number__gt=job.cursor["after"], number__lte=job.cursor["until"])
        with learning_turn(job.project), write_turn():
            batch = list(part.order_by("number")[:STEP])
            changed = job.cursor["changed"] + reprice_rows(job.project.pk, batch)
        if not batch:
            break
        job.cursor = {**job.cursor, "after": batch[-1].number, "changed": changed}
        job.done += len(batch)
        yield ""
    yield f"{job.cursor['changed']:,} of {job.done:,} interactions have another cost now"


def find_projects_to_reprice() -> list[UUID]:
    """Projects with a price for the past that has not been applied to what is stored."""
    waiting = ModelPrice.objects.filter(applied=False).order_by()
    return list(waiting.values_list("project_id", flat=True).distinct())
